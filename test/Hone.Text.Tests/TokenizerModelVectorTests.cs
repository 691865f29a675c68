using System.Text.Json;
using CsCheck;

namespace Hone.Text.Tests;

/// <summary>tokenizer.model files against published ids, and against the same vocabulary as a tokenizer.json.</summary>
public sealed class TokenizerModelVectorTests
{
    private static readonly Gen<string> s_text = Gen.OneOf(
        Gen.String, Gen.String[Gen.Char[" \t\r\n'saSLld1９½éßあ한🙂<|>_\u0301\u00A0\u2003"]]);

    [Fact]
    public void Llama2_rows_of_sentencepiece_are_exact()
    {
        Tokenizer tokenizer = LoadModel("tokenizers/llama2/tokenizer.model");
        int exact = 0;
        foreach (JsonElement row in VectorFile.Read("tokenizer_oracle.jsonl"))
        {
            if (row.Text("tokenizer") != "tokenizers/llama2/tokenizer.model") continue;
            Assert.Equal(row.Ids("ids"), tokenizer.Encode(row.Text("text")));
            Assert.Equal(row.Text("text"), tokenizer.Decode(row.Ids("ids")));
            exact++;
        }
        Assert.Equal(54, exact);
        Assert.Equal((1, 2, 0), (tokenizer.BosId, tokenizer.EosId, tokenizer.UnkId));
    }

    [Theory]
    [InlineData("llama2-spm", 12)]
    [InlineData("llama-spm", 14)]
    [InlineData("phi-3", 15)]
    public void Published_rows_of_the_llama2_vocabulary_are_exact(string name, int rows)
    {
        Tokenizer tokenizer = LoadModel("tokenizers/llama2/tokenizer.model");
        int exact = 0;
        foreach (JsonElement row in VectorFile.Read("tokenizer_vectors.jsonl"))
        {
            if (row.Text("tokenizer") != name) continue;
            Assert.Equal(row.Ids("ids"), tokenizer.Encode(row.Text("text"), addSpecial: row.Flag("bos")));
            exact++;
        }
        Assert.Equal(rows, exact);
    }

    [Fact]
    public void Llama3_rows_are_exact_without_a_tokenizer_json()
    {
        Tokenizer tokenizer = LoadModel("tokenizers/llama3/tokenizer.model");
        int exact = 0;
        foreach (JsonElement row in VectorFile.Read("tokenizer_oracle.jsonl"))
        {
            if (row.Text("tokenizer") != "tokenizers/llama3-hf/tokenizer.json") continue;
            Assert.Equal(row.Ids("ids_with_special"), tokenizer.Encode(row.Text("text"), addSpecial: true, parseSpecial: true));
            Assert.Equal(row.Text("decoded"), tokenizer.Decode(row.Ids("ids")));
            exact++;
        }
        foreach (JsonElement row in VectorFile.Read("tokenizer_vectors.jsonl"))
        {
            if (row.Text("tokenizer") != "llama-bpe") continue;
            List<int> ids = [.. tokenizer.Encode(row.Text("text"), addSpecial: row.Flag("bos"), parseSpecial: true)];
            if (row.Flag("eos")) ids.Add(tokenizer.EosId!.Value);
            Assert.Equal(row.Ids("ids"), ids);
            exact++;
        }
        Assert.Equal(63 + 55, exact);
    }

    [Fact]
    public void Cl100k_source_file_is_exact()
    {
        // cl100k splits as Llama-3 does.
        Tokenizer tokenizer = LoadModel("tokenizers/cl100k/cl100k_base.tiktoken");
        string source = File.ReadAllText(SharedData.Require("tokenizers/dotnet-tiktoken-vectors/lib.rs.txt"));
        int[] ids = JsonSerializer.Deserialize<int[]>(
            File.ReadAllText(SharedData.Require("tokenizers/dotnet-tiktoken-vectors/tokens.json")))!;
        Assert.Equal(5584, ids.Length);
        Assert.Equal(ids, tokenizer.Encode(source));
        Assert.Equal(source, tokenizer.Decode(ids));
    }

    [Fact]
    public void Torchtune_text_is_exact()
    {
        JsonElement row = VectorFile.Read("chat_token_vectors.jsonl").Single(
            r => r.Text("tokenizer") == "tokenizers/torchtune/tiktoken_small.model");
        Assert.Equal(row.Ids("ids"), LoadModel("tokenizers/torchtune/tiktoken_small.model").Encode(row.Text("text")));
    }

    [Fact]
    public void Tiktoken_and_tokenizer_json_of_llama3_agree()
    {
        Tokenizer json = Tokenizer.Load(SharedData.Require("tokenizers/llama3-hf"));
        Tokenizer model = LoadModel("tokenizers/llama3/tokenizer.model", SharedData.Require("tokenizers/llama3-hf/tokenizer_config.json"));
        Assert.Equal((json.VocabularySize, json.BosId, json.EosId), (model.VocabularySize, model.BosId, model.EosId));
        Assert.Equal(json.SpecialIds.Order(), model.SpecialIds.Order());
        for (int id = 0; id < json.VocabularySize; id++) Assert.Equal(json.TokenOf(id), model.TokenOf(id));
        AssertAgree(json, model, 2000);
    }

    [Fact]
    public void Meta_numbers_the_control_tokens_as_the_published_config_does()
    {
        Tokenizer named = LoadModel("tokenizers/llama3/tokenizer.model", SharedData.Require("tokenizers/llama3-hf/tokenizer_config.json"));
        Tokenizer bare = LoadModel("tokenizers/llama3/tokenizer.model");
        Assert.Equal(named.VocabularySize, bare.VocabularySize);
        for (int id = 128_000; id < named.VocabularySize; id++) Assert.Equal(named.TokenOf(id), bare.TokenOf(id));
    }

    [Fact]
    public void SentencePiece_and_tokenizer_json_of_minueza_agree()
    {
        string folder = SharedData.Require("tokenizers/minueza-32m-chat");
        Tokenizer model = LoadModel("tokenizers/minueza-32m-chat/tokenizer.model", Path.Combine(folder, "tokenizer_config.json"));
        AssertAgree(Tokenizer.Load(folder), model, 1000);
        int exact = 0;
        foreach (JsonElement row in VectorFile.Read("tokenizer_oracle.jsonl"))
        {
            if (row.Text("tokenizer") != "tokenizers/minueza-32m-chat/tokenizer.json") continue;
            Assert.Equal(row.Ids("ids_with_special"), model.Encode(row.Text("text"), addSpecial: true, parseSpecial: true));
            Assert.Equal(row.Text("decoded_skip_special"), model.Decode(row.Ids("ids"), skipSpecial: true));
            exact++;
        }
        Assert.Equal(74, exact);
    }

    [Fact]
    public void SentencePiece_collapses_spaces_where_the_model_says_so()
    {
        Tokenizer model = LoadModel("models/stories260K/tok512.model");
        Tokenizer json = Tokenizer.Load(SharedData.Require("models/stories260K-hf"));
        int[] ids = json.Encode("Once upon a time");
        Assert.Equal(ids, model.Encode("Once upon a time"));
        Assert.Equal(ids, model.Encode("  Once upon  a   time "));
        Assert.Empty(model.Encode("  "));
    }

    private static void AssertAgree(Tokenizer json, Tokenizer model, int texts)
    {
        foreach (
            string corpus in new[] { "corpora/tinyshakespeare.txt", "corpora/simple_safety_tests.csv", "corpora/tinystories_197k.txt" })
        {
            string text = File.ReadAllText(SharedData.Require(corpus));
            text = text[..Math.Min(text.Length, 100_000)];
            int[] ids = json.Encode(text);
            Assert.Equal(ids, model.Encode(text));
            Assert.Equal(text, model.Decode(ids));
        }
        s_text.Sample(text =>
        {
            int[] ids = json.Encode(text, addSpecial: true);
            Assert.Equal(ids, model.Encode(text, addSpecial: true));
            Assert.Equal(json.Decode(ids), model.Decode(ids));
        }, iter: texts);
    }

    private static Tokenizer LoadModel(string model, string? config = null)
    {
        using TempFolder folder = new();
        File.Copy(SharedData.Require(model), folder.File("tokenizer.model"));
        if (config is not null) File.Copy(config, folder.File("tokenizer_config.json"));
        return Tokenizer.Load(folder.Path);
    }
}
