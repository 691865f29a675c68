using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Text.Gguf;

namespace Hone.Text.Tests;

/// <summary>Tokenizers written as GGUF stores them and back; the ids of published texts must stay what they were.</summary>
public sealed class GgufVocabularyTests
{
    [Theory]
    [InlineData("tokenizers/llama3-hf", "gpt2", "llama-bpe", 63)]
    [InlineData("tokenizers/minueza-32m-chat", "llama", "default", 74)]
    [InlineData("models/stories260K-hf", "llama", "default", 71)]
    public void Oracle_rows_are_exact_after_a_round_trip(string folder, string model, string pre, int rows)
    {
        string source = SharedData.Require(folder);
        Tokenizer original = Tokenizer.Load(source);
        GgufVocabulary words = GgufVocabularyReader.FromFolder(source, original.VocabularySize + 3, [], _ => { });
        Assert.Equal((model, pre), (words.Model, words.PreTokenizer));
        Assert.Equal(["[PAD" + original.VocabularySize + "]"], words.Tokens.Skip(original.VocabularySize).Take(1));
        using TempFolder target = new();
        GgufVocabularyWriter.Write(words, target.Path, "test.gguf");
        Tokenizer again = Tokenizer.Load(target.Path);
        Assert.Equal((original.BosId, original.EosId, original.UnkId, original.PadId),
            (again.BosId, again.EosId, again.UnkId, again.PadId));
        Assert.Equal(original.SpecialIds.Order(), again.SpecialIds.Order());
        int exact = 0;
        foreach (JsonElement row in VectorFile.Read("tokenizer_oracle.jsonl"))
        {
            if (row.Text("tokenizer") != folder + "/tokenizer.json") continue;
            string text = row.Text("text");
            Assert.Equal(row.Ids("ids"), again.Encode(text, parseSpecial: true));
            Assert.Equal(row.Ids("ids_with_special"), again.Encode(text, addSpecial: true, parseSpecial: true));
            Assert.Equal(row.Text("decoded"), again.Decode(row.Ids("ids")));
            exact++;
        }
        Assert.Equal(rows, exact);
        Assert.Equal(ChatTemplate.TryLoad(source)?.Source, ChatTemplate.TryLoad(target.Path)?.Source);
    }

    // The scores that tokenizer.model gives and those found from the merges of tokenizer.json put the same pairs first.
    [Fact]
    public void Scores_found_from_merges_order_tokens_as_those_of_the_model_file()
    {
        string source = SharedData.Require("tokenizers/minueza-32m-chat");
        using TempFolder alone = new();
        foreach (string name in new[] { "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json" })
            File.Copy(Path.Combine(source, name), alone.File(name));
        GgufVocabulary given = GgufVocabularyReader.FromFolder(source, 32002, [], _ => { }),
            found = GgufVocabularyReader.FromFolder(alone.Path, 32002, [], _ => { });
        Assert.Equal(given.Tokens, found.Tokens);
        Assert.Equal(given.Types, found.Types);
        IEnumerable<int> Order(GgufVocabulary words) =>
            Enumerable.Range(0, 32000).Where(id => words.Types[id] == GgufTokenType.Normal
                && words.Tokens[id].EnumerateRunes().Count() > 1).OrderByDescending(id => words.Scores![id]);
        Assert.Equal(Order(given), Order(found));
    }

    [Theory]
    [InlineData("""{"type":"Split","pattern":{"Regex":"[0-9]+"},"behavior":"Isolated","invert":false}""",
        "the split pattern [0-9]+ has no name in GGUF")]
    [InlineData("""{"type":"Punctuation"}""", "this sequence of pre-tokenizers has no name in GGUF")]
    public void A_split_that_gguf_cannot_name_is_refused_by_name(string step, string message)
    {
        using TempFolder folder = Edited(json => json["pre_tokenizer"]!["pretokenizers"]![0] = JsonNode.Parse(step));
        Refused(folder.Path, message);
    }

    [Fact]
    public void Ignore_merges_that_the_name_does_not_imply_is_refused()
    {
        using TempFolder folder = Edited(json =>
        {
            json["model"]!["ignore_merges"] = true;
            json["pre_tokenizer"]!["pretokenizers"]![0]!["pattern"]!["Regex"] = Splitting.WordScanner.Qwen2;
        });
        Refused(folder.Path, "ignore_merges is true");
    }

    [Fact]
    public void Merges_that_no_scores_can_express_are_refused()
    {
        string source = SharedData.Require("models/stories260K-hf");
        using TempFolder folder = new();
        JsonObject json = JsonNode.Parse(File.ReadAllText(Path.Combine(source, "tokenizer.json")))!.AsObject();
        json["model"]!["merges"]!.AsArray().RemoveAt(0);
        File.WriteAllText(folder.File("tokenizer.json"), json.ToJsonString());
        Refused(folder.Path, "are no merge, but their union is a token");
    }

    [Theory]
    [InlineData(null, "does not say how its tokenizer cuts")]
    [InlineData("bloom", "the pre-tokenizer \"bloom\" (tokenizer.ggml.pre) is not supported")]
    public void A_pre_tokenizer_that_is_not_known_is_refused_by_name(string? name, string message)
    {
        using TempFolder folder = new();
        InputException error =
            Assert.Throws<InputException>(() =>
            GgufVocabularyWriter.Write(Small() with { PreTokenizer = name! }, folder.Path, "test.gguf"));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_vocabulary_that_contradicts_itself_is_refused()
    {
        using TempFolder folder = new();
        GgufVocabulary words = Small();
        foreach (GgufVocabulary broken in new[]
        {
            words with { Model = "rwkv" }, words with { Types = [GgufTokenType.Normal] }, words with { Merges = null },
                words with { EosId = 7 },
            words with { OtherStops = [-1] }, words with { AddsBos = true }, words with { Model = "llama" },
                words with { Model = "llama", Scores = [0, float.NaN, 0] },
            words with { Tokens = ["a", "a", "b"] },
        })
        {
            Assert.Throws<InputException>(() => GgufVocabularyWriter.Write(broken, folder.Path, "test.gguf"));
        }
    }

    [Fact]
    public void Control_tokens_whose_name_says_so_end_an_answer()
    {
        GgufVocabulary words =
            Small() with
            {
                Tokens = ["a", "<|im_end|>", "<|end|>"],
                Types = [GgufTokenType.Normal, GgufTokenType.Control, GgufTokenType.Normal],
                EosId = 0
            };
        Assert.Equal([0, 1], GgufVocabularyWriter.StopIds(words));
    }

    private static GgufVocabulary Small() => new()
    {
        Model = GgufVocabulary.ByteLevel,
        PreTokenizer = "gpt-2",
        Tokens = ["a", "b", "ab"],
        Types = [GgufTokenType.Normal, GgufTokenType.Normal, GgufTokenType.Normal],
        Merges = ["a b"],
    };

    private static TempFolder Edited(Action<JsonObject> edit)
    {
        string source = SharedData.Require("tokenizers/llama3-hf");
        TempFolder folder = new();
        JsonObject json = JsonNode.Parse(File.ReadAllText(Path.Combine(source, "tokenizer.json")))!.AsObject();
        json["model"]!["vocab"] = new JsonObject { ["a"] = 0, ["b"] = 1, ["ab"] = 2 };
        json["model"]!["merges"] = new JsonArray("a b");
        json["added_tokens"] = new JsonArray();
        json["post_processor"] = null;
        json["model"]!["ignore_merges"] = false;
        edit(json);
        File.WriteAllText(folder.File("tokenizer.json"), json.ToJsonString());
        return folder;
    }

    private static void Refused(string folder, string message)
    {
        InputException error = Assert.Throws<InputException>(() => GgufVocabularyReader.FromFolder(folder, 40000, [], _ => { }));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }
}
