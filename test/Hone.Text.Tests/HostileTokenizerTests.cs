using System.Text.Json.Nodes;

namespace Hone.Text.Tests;

/// <summary>Broken and malicious tokenizer files end in an <see cref="InputException"/>: no crash, no hang, no large allocation.</summary>
public sealed class HostileTokenizerTests
{
    public static TheoryData<string, Action<JsonObject>> Files => new()
    {
        { "id", json => json["model"]!["vocab"]!["x y"] = int.MaxValue },
        { "id", json => json["model"]!["vocab"]!["x y"] = -1 },
        { "id", json => json["model"]!["vocab"]!["x y"] = "text" },
        { "twice", json => json["model"]!["vocab"]!["x y"] = 5 },
        { "not in model.vocab", json => json["model"]!["merges"] = new JsonArray("q zz") },
        { "not in model.vocab", json => json["model"]!["merges"] = new JsonArray("a b") },
        { "two tokens", json => json["model"]!["merges"] = new JsonArray("ab") },
        { "pair", json => json["model"]!["merges"] = new JsonArray(new JsonArray("a")) },
        { "pair", json => json["model"]!["merges"] = new JsonArray(3) },
        { "content", json => Added(json, new JsonObject { ["id"] = 300, ["content"] = "" }) },
        { "id", json => Added(json, new JsonObject { ["id"] = 1 << 30, ["content"] = "<z>" }) },
        { "contradicts", json => Added(json, new JsonObject { ["id"] = 7, ["content"] = "<z>" }) },
        { "Unigram", json => json["model"]!["type"] = "Unigram" },
        { "WordPiece", json => json["model"]!["type"] = "WordPiece" },
        { "Precompiled", json => json["normalizer"] = new JsonObject { ["type"] = "Precompiled" } },
        { "BertPreTokenizer", json => json["pre_tokenizer"] = new JsonObject { ["type"] = "BertPreTokenizer" } },
        { "BertProcessing", json => json["post_processor"] = new JsonObject { ["type"] = "BertProcessing" } },
        { "WordPiece", json => json["decoder"] = new JsonObject { ["type"] = "WordPiece" } },
        { "decoder", json => json["decoder"] = null },
        { "special_tokens", json => json["post_processor"]!["special_tokens"] = new JsonObject() },
        { "post_processor", json => json["post_processor"]!["special_tokens"]!["<|bos|>"]!["ids"] = new JsonArray(4000) },
        { "end_of_word_suffix", json => json["model"]!["end_of_word_suffix"] = "</w>" },
        { "dropout", json => json["model"]!["dropout"] = 0.1 },
        { "unk", json => json["model"]!["unk_token"] = "<nope>" },
        { "regex", json => json["pre_tokenizer"] = Split("(") },
        { "regex", json => json["pre_tokenizer"] = Split(new string('(', 3000)) },
        { "ByteLevel", json => json["pre_tokenizer"]!["pretokenizers"]!.AsArray().Add(new JsonObject { ["type"] = "Digits" }) },
        { "model", json => json.Remove("model") },
        { "object", json => json["normalizer"] = new JsonArray() },
    };

    [Theory]
    [MemberData(nameof(Files))]
    public void Is_refused_by_name(string named, Action<JsonObject> damage)
    {
        JsonObject json = TinyTokenizer.Json();
        damage(json);
        Assert.Contains(named, Assert.Throws<InputException>(() => TinyTokenizer.Load(json)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0}}")]
    [InlineData("{\"model\":{\"type\":\"BPE\",\"vocab\":{\"\\ud800\":0}}}")]
    [InlineData("{\"model\":1,\"model\":2}")]
    public void Broken_json_is_refused(string text)
    {
        using TempFolder folder = new();
        File.WriteAllText(folder.File("tokenizer.json"), text);
        Assert.Throws<InputException>(() => Tokenizer.Load(folder.Path));
    }

    [Theory]
    [InlineData(10)]
    [InlineData(1_000)]
    [InlineData(1_000_000)]
    public void Deeply_nested_json_is_refused(int depth)
    {
        using TempFolder folder = new();
        File.WriteAllText(folder.File("tokenizer.json"), "{\"normalizer\":" + string.Concat(Enumerable.Repeat("{\"normalizers\":[", depth)));
        Assert.Throws<InputException>(() => Tokenizer.Load(folder.Path));
    }

    [Fact]
    public void A_missing_byte_is_an_error_when_it_is_needed()
    {
        JsonObject json = TinyTokenizer.Json();
        json["model"]!["vocab"]!.AsObject().Remove("z");
        Tokenizer tokenizer = TinyTokenizer.Load(json);
        Assert.Equal(2, tokenizer.Encode("ab").Length);
        Assert.Contains("unk_token", Assert.Throws<InputException>(() => tokenizer.Encode("az")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_long_piece_without_a_pre_tokenizer_takes_no_quadratic_time()
    {
        JsonObject json = TinyTokenizer.Json("aa", "aaaa");
        json["model"]!["merges"] = new JsonArray("a a", "aa aa");
        json["model"]!["ignore_merges"] = false;
        Tokenizer tokenizer = TinyTokenizer.Load(json);
        Assert.Equal(50_000, tokenizer.Encode(new string('a', 200_000)).Length);
    }

    private static void Added(JsonObject json, JsonObject token) => json["added_tokens"]!.AsArray().Add(token);

    private static JsonObject Split(string regex) => new()
    {
        ["type"] = "Split",
        ["pattern"] = new JsonObject { ["Regex"] = regex },
        ["behavior"] = "Isolated",
    };
}
