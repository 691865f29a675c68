using System.Text.Json;
using Hone.Models.Gguf;
using Hone.Text;
using Hone.Text.Gguf;

namespace Hone.Models.Tests;

public class GgufTokenizerKeysTests
{
    [Theory]
    [InlineData("gpt-2", "gpt-2", 34)]
    [InlineData("llama-spm", "llama-spm", 14)]
    public void Published_rows_of_a_vocabulary_file_are_exact(string file, string rows, int count)
    {
        string path = SharedData.Require($"tokenizers/llamacpp-vectors/ggml-vocab-{file}.gguf");
        using GgufFile gguf = GgufFile.Open(path);
        using TempFolder folder = new();
        GgufVocabularyWriter.Write(GgufTokenizerKeys.Read(gguf.Metadata), folder.Path, path);
        Tokenizer tokenizer = Tokenizer.Load(folder.Path);
        int exact = 0;
        foreach (string line in File.ReadLines(SharedData.Require("vectors/tokenizer_vectors.jsonl")))
        {
            JsonElement row = JsonDocument.Parse(line).RootElement;
            if (row.GetProperty("tokenizer").GetString() != rows) continue;
            Assert.Equal(row.GetProperty("ids").EnumerateArray().Select(e => e.GetInt32()),
                tokenizer.Encode(row.GetProperty("text").GetString()!, parseSpecial: true));
            exact++;
        }
        Assert.Equal(count, exact);
    }

    [Fact]
    public void A_vocabulary_comes_back_from_its_keys_as_it_was()
    {
        GgufVocabulary words = new()
        {
            Model = GgufVocabulary.SentencePiece,
            PreTokenizer = "default",
            Tokens = ["<unk>", "<s>", "</s>", "a", "<|end|>", "[PAD5]"],
            Types = [GgufTokenType.Unknown, GgufTokenType.Control, GgufTokenType.Control, GgufTokenType.Normal, GgufTokenType.Control,
                GgufTokenType.Unused],
            Scores = [0, 0, 0, -1, -1000, -10000],
            BosId = 1,
            EosId = 2,
            UnkId = 0,
            PadId = 2,
            OtherStops = [4],
            AddsBos = true,
            ChatTemplate = "{{ messages }}",
            ToolTemplate = "{{ tools }}",
        };
        GgufMetadata metadata = new("test.gguf");
        GgufTokenizerKeys.Write(words, metadata, _ => { });
        GgufVocabulary again = GgufTokenizerKeys.Read(metadata);
        Assert.Equal(JsonSerializer.Serialize(words), JsonSerializer.Serialize(again));
    }
}
