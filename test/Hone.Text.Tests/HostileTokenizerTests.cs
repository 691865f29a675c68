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
        File.WriteAllText(
            folder.File("tokenizer.json"), "{\"normalizer\":" + string.Concat(Enumerable.Repeat("{\"normalizers\":[", depth)));
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

    /// <summary>A few KB of rules must not take more than a moment, at load or on a text, nor much memory.</summary>
    public static TheoryData<string, Action<JsonObject>, string> Bombs => new()
    {
        { "blow", json => json["normalizer"] = Normalizers(30, "a", "aa"), new('a', 31) },
        { "blow", json => json["normalizer"] = Normalizers(3, "a", new('a', 4096)), new('a', 1000) },
        { "characters", json => json["normalizer"] = Normalizers(1, "a", new('b', 1 << 20)), new('a', 1000) },
        {
            "blow", json =>
            {
                json["normalizer"] = Normalizers(34, "a", "aa");
                Added(json, new JsonObject { ["id"] = 300, ["content"] = "aaa", ["normalized"] = true });
            }, "x"
        },
        { "blow",
            json => json[
            "normalizer"] = new JsonObject { ["type"] = "Replace", ["pattern"] = Regex("(?:)"), ["content"] = new string('b', 4000) },
            new('a', 5000) },
        {
            "blow", json =>
            {
                json["normalizer"] = new JsonObject { ["type"] = "Prepend", ["prepend"] = new string('b', 4000) };
                Added(json, new JsonObject { ["id"] = 300, ["content"] = "<s>" });
            }, string.Concat(Enumerable.Repeat("<s>x", 2000))
        },
        { "backtracks",
            json => json["normalizer"] = new JsonObject { ["type"] = "Replace", ["pattern"] = Regex("(a+)+$"), ["content"] = "" },
            new string('a', 5000) + "b" },
        { "backtracks", json => json["pre_tokenizer"] = Split("(a+)+$"), new string('a', 5000) + "b" },
        // Each match is quick; all of them together are not.
        { "backtracks", json => json["pre_tokenizer"] = Split("(a|aa)+b|."),
            string.Concat(Enumerable.Repeat(new string('a', 25) + "c", 400)) },
        { "share so many beginnings", json => Shared(json, 1000), new('a', 30_000) },
        { "components", json => json["normalizer"] = Normalizers(65, "q", "r"), "x" },
        { "longer", json => json["decoder"] = Decoders(30), "x" },
        {
            "64 are the most", json =>
                json["post_processor"]!["special_tokens"]!["<|bos|>"]!["ids"] = new JsonArray(
                [.. Enumerable.Repeat(1, 65).Select(i => (JsonNode)i)]), "x"
        },
        { "characters",
            json => Enumerable.Range(0, 200).ToList().ForEach(
            i => Added(json, new JsonObject { ["id"] = 300 + i, ["content"] = new string('z', 4000) + i })), "x" },
    };

    [Theory]
    [MemberData(nameof(Bombs))]
    public void A_small_file_takes_no_long_time_and_no_large_memory(string named, Action<JsonObject> arm, string text)
    {
        JsonObject json = TinyTokenizer.Json();
        arm(json);
        foreach (Action<Tokenizer> use in (Action<Tokenizer>[])[t => t.Encode(text), t => t.EncodeWithOffsets(text)])
        {
            System.Diagnostics.Stopwatch watch = System.Diagnostics.Stopwatch.StartNew();
            long before = GC.GetAllocatedBytesForCurrentThread();
            Assert.Contains(named, Assert.Throws<InputException>(() => use(TinyTokenizer.Load(json))).Message, StringComparison.Ordinal);
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(8), $"took {watch.Elapsed}");
            Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 512 << 20);
        }
    }

    [Fact]
    public void A_thousand_added_tokens_with_a_common_beginning_are_looked_for_in_one_go()
    {
        JsonObject json = TinyTokenizer.Json();
        Shared(json, 1000);
        Tokenizer tokenizer = TinyTokenizer.Load(json);
        Assert.Equal(5000, tokenizer.Encode(new string('a', 5000)).Length);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void White_space_that_added_tokens_take_along_is_looked_at_once(bool left, bool right)
    {
        JsonObject json = TinyTokenizer.Json();
        Added(json, new JsonObject { ["id"] = 300, ["content"] = " ", ["lstrip"] = left, ["rstrip"] = right });
        Assert.NotEmpty(TinyTokenizer.Load(json).Encode(new string(' ', 1_000_000)));
    }

    [Fact]
    public void Long_control_tokens_cost_a_conversation_little()
    {
        JsonObject json = TinyTokenizer.Json();
        for (int i = 0; i < 100; i++)
        {
            Added(json, new JsonObject { ["id"] = 300 + i, ["content"] = new string('a', 4000) + i, ["special"] = true });
        }
        ChatFormat format = new(TinyTokenizer.Load(json), ChatTemplate.Parse("{% for m in messages %}{{ m.content }}{% endfor %}"));
        ChatMessage[] messages = [.. Enumerable.Repeat(ChatMessage.User(new string('a', 5000)), 200)];
        System.Diagnostics.Stopwatch watch = System.Diagnostics.Stopwatch.StartNew();
        Assert.Contains(
            "share so many beginnings", Assert.Throws<InputException>(() => format.Render(messages)).Message, StringComparison.Ordinal);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(8), $"took {watch.Elapsed}");
        Assert.Equal(5_001, format.Render([ChatMessage.User(new string('b', 5000))]).Ids.Length);
    }

    // "az", "aaz", ...: none matches a run of "a", and each place of it has to be walked from.
    private static void Shared(JsonObject json, int count)
    {
        for (int i = 1; i <= count; i++) Added(json, new JsonObject { ["id"] = 300 + i, ["content"] = new string('a', i) + "z" });
    }

    private static JsonObject Normalizers(int count, string pattern, string content) => new()
    {
        ["type"] = "Sequence",
        ["normalizers"] = new JsonArray([.. Enumerable.Range(0, count).Select(_ => (JsonNode)new JsonObject
        {
            ["type"] = "Replace", ["pattern"] = new JsonObject { ["String"] = pattern }, ["content"] = content,
        })]),
    };

    private static JsonObject Decoders(int count) => new()
    {
        ["type"] = "Sequence",
        ["decoders"] = new JsonArray([.. Enumerable.Range(0, count).Select(_ => (JsonNode)new JsonObject
        {
            ["type"] = "Replace", ["pattern"] = new JsonObject { ["String"] = "a" }, ["content"] = "aa",
        })]),
    };

    private static JsonObject Regex(string pattern) => new() { ["Regex"] = pattern };

    private static void Added(JsonObject json, JsonObject token) => json["added_tokens"]!.AsArray().Add(token);

    private static JsonObject Split(string regex) => new()
    {
        ["type"] = "Split",
        ["pattern"] = new JsonObject { ["Regex"] = regex },
        ["behavior"] = "Isolated",
    };
}
