using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;

namespace Hone.Text.Tests;

/// <summary>
/// Tokenizer files that crashed or hung other implementations, each under the name of its incident. docs/security.md lists them.
/// </summary>
public sealed class IncidentTests
{
    /// <summary>huggingface/tokenizers #2094, #2151 (3), #2153: a merge whose union is longer than any token overran a buffer.</summary>
    [Fact]
    public void Tokenizers_2094_a_merge_longer_than_any_vocabulary_key() =>
        Refused(json => json["model"]!["merges"] = new JsonArray("a b"), "not in model.vocab");

    /// <summary>huggingface/tokenizers #2153: a right part shorter than the subword prefix.</summary>
    [Fact]
    public void Tokenizers_2153_a_token_shorter_than_the_subword_prefix() => Refused(json =>
    {
        json["model"]!["continuing_subword_prefix"] = "####";
        json["model"]!["merges"] = new JsonArray("a b");
    }, "continuing_subword_prefix");

    /// <summary>huggingface/tokenizers #2151 (1): a stride that is not below the length to cut to. Hone never cuts a text.</summary>
    [Fact]
    public void Tokenizers_2151_a_stride_as_long_as_the_truncation()
    {
        JsonObject json = TinyTokenizer.Json();
        json["truncation"] = new JsonObject { ["direction"] = "Right", ["max_length"] = 2, ["strategy"] = "LongestFirst", ["stride"] = 9 };
        Assert.Equal(5, TinyTokenizer.Load(json).Encode("abcde").Length);
    }

    /// <summary>huggingface/tokenizers #2151 (2): a template that names a special token which is not listed.</summary>
    [Fact]
    public void Tokenizers_2151_a_template_of_unknown_special_tokens() =>
        Refused(json => json["post_processor"]!["special_tokens"] = new JsonObject(), "special_tokens");

    /// <summary>huggingface/tokenizers #2151 (4): a decoder that strips more than there is.</summary>
    [Theory]
    [InlineData(9, 9)]
    [InlineData(1, 0)]
    [InlineData(0, 2_000_000_000)]
    [InlineData(-1, 0)]
    public void Tokenizers_2151_a_decoder_that_strips_more_than_there_is(int start, int stop)
    {
        JsonObject json = TinyTokenizer.Json();
        json["decoder"] = new JsonObject
        {
            ["type"] = "Sequence",
            ["decoders"] = new JsonArray(
                new JsonObject { ["type"] = "ByteLevel" },
                new JsonObject { ["type"] = "Strip", ["content"] = "a", ["start"] = start, ["stop"] = stop }),
        };
        try
        {
            Tokenizer tokenizer = TinyTokenizer.Load(json);
            Assert.InRange(tokenizer.Decode(tokenizer.Encode("aaa")).Length, 0, 3);
        }
        catch (InputException e)
        {
            Assert.Contains("Strip", e.Message, StringComparison.Ordinal);
        }
    }

    /// <summary>huggingface/tokenizers #2151 (5): pieces of length 0.</summary>
    [Fact]
    public void Tokenizers_2151_pieces_of_fixed_length_zero() =>
        Refused(json => json["pre_tokenizer"] = new JsonObject { ["type"] = "FixedLength", ["length"] = 0 }, "FixedLength");

    /// <summary>huggingface/tokenizers #2151 (6): a character map that is not one.</summary>
    [Fact]
    public void Tokenizers_2151_a_broken_precompiled_character_map() =>
        Refused(json => json["normalizer"] = new JsonObject { ["type"] = "Precompiled", ["precompiled_charsmap"] = "AAA" }, "Precompiled");

    /// <summary>vllm-project/vllm #50954: 14 bytes, two tokens of one rank, ended the process.</summary>
    [Fact]
    public void Vllm_50954_two_tokens_of_one_rank_in_14_bytes()
    {
        byte[] file = Encoding.ASCII.GetBytes("IQ== 0\nIg== 0\n");
        Assert.Equal(14, file.Length);
        Assert.Contains("appears twice", RefusedModel(file), StringComparison.Ordinal);
    }

    /// <summary>openai/tiktoken #568: ranks without a token for every byte crashed when such a byte came.</summary>
    [Fact]
    public void Tiktoken_568_ranks_that_lack_single_bytes() =>
        Assert.Contains(
            "no token stands for the single byte", RefusedModel(Encoding.ASCII.GetBytes("YQ== 0\nYg== 1\n")), StringComparison.Ordinal);

    /// <summary>
    /// EricLBuehler/mistral.rs #2225 (mended by #2282): ids of special tokens beyond the vocabulary were used as an index.
    /// </summary>
    [Fact]
    public void Mistral_rs_2225_a_special_token_with_an_id_far_out() => Refused(json => json["added_tokens"]!.AsArray().Add(
        new JsonObject { ["id"] = 1 << 30, ["content"] = "<z>", ["special"] = true }), "id");

    /// <summary>A split pattern that backtracks for ever (ReDoS) ends in a message.</summary>
    [Fact]
    public void A_split_pattern_that_backtracks_for_ever()
    {
        JsonObject json = TinyTokenizer.Json();
        json["pre_tokenizer"] =
            new JsonObject { ["type"] = "Split", ["pattern"] = new JsonObject { ["Regex"] = "(a+)+$" }, ["behavior"] = "Isolated" };
        json["pre_tokenizer"] = new JsonObject
        {
            ["type"] = "Sequence",
            ["pretokenizers"] = new JsonArray(
                json["pre_tokenizer"]!.DeepClone(),
                new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["use_regex"] = false }),
        };
        Tokenizer tokenizer = TinyTokenizer.Load(json);
        long begun = Stopwatch.GetTimestamp();
        Assert.Contains(
            "take longer than", Assert.Throws<InputException>(() => tokenizer.Encode(new string('a', 60) + "!")).Message,
            StringComparison.Ordinal);
        Assert.InRange(Stopwatch.GetElapsedTime(begun).TotalSeconds, 0, 30);
    }

    private static void Refused(Action<JsonObject> damage, string named)
    {
        JsonObject json = TinyTokenizer.Json();
        damage(json);
        Assert.Contains(named, Assert.Throws<InputException>(() => TinyTokenizer.Load(json)).Message, StringComparison.Ordinal);
    }

    private static string RefusedModel(byte[] file)
    {
        using TempFolder folder = new();
        File.WriteAllBytes(folder.File("tokenizer.model"), file);
        return Assert.Throws<InputException>(() => Tokenizer.Load(folder.Path)).Message;
    }
}
