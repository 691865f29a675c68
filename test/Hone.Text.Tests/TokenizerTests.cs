using System.Text;
using System.Text.Json.Nodes;
using CsCheck;

namespace Hone.Text.Tests;

/// <summary>Rules of the tokenizer on small vocabularies of the tests' own.</summary>
public sealed class TokenizerTests
{
    private static readonly Gen<string> s_text = Gen.OneOf(
        Gen.String, Gen.String[Gen.Char[" \t\r\n'saSLld1９½éſßあ한🙂<|>_\u0301\u00A0\u2003"]]);

    [Fact]
    public void Whole_words_without_merges_are_found()
    {
        Tokenizer tokenizer = TinyTokenizer.Load(TinyTokenizer.Json("hello", "Ġworld"));
        Assert.Equal(["hello", "Ġworld", "!"], tokenizer.Encode("hello world!").Select(tokenizer.TokenOf));
        Assert.Equal(["h", "e"], tokenizer.Encode("he").Select(tokenizer.TokenOf));
        Assert.Equal("hello world!", tokenizer.Decode(tokenizer.Encode("hello world!")));
    }

    [Fact]
    public void Special_tokens_in_a_text_need_to_be_asked_for()
    {
        Tokenizer tokenizer = TinyTokenizer.Load(TinyTokenizer.Json());
        Assert.Equal(4, tokenizer.SpecialIds.Count);
        Assert.Equal([tokenizer.EosId!.Value], tokenizer.Encode("<|eos|>", parseSpecial: true));
        Assert.Equal("<|eos|>".Length, tokenizer.Encode("<|eos|>").Length);
        Assert.Equal(tokenizer.BosId, tokenizer.Encode("x", addSpecial: true)[0]);
        Assert.Equal("", tokenizer.Decode([tokenizer.EosId!.Value], skipSpecial: true));
    }

    [Fact]
    public void A_vocabulary_that_spells_its_control_tokens_gives_them_away_to_nobody()
    {
        // ignore_merges finds whole pieces; a merge list could build the name; a space-free name is one piece here.
        JsonObject json = TinyTokenizer.Json("ctl", "ct");
        json["added_tokens"]!.AsArray().Add(new JsonObject { ["id"] = 256, ["content"] = "ctl", ["special"] = true });
        json["model"]!["merges"] = new JsonArray("c t", "ct l");
        Tokenizer tokenizer = TinyTokenizer.Load(json);
        Assert.Equal(["ct", "l"], tokenizer.Encode("ctl").Select(tokenizer.TokenOf));
        Assert.Equal([256], tokenizer.Encode("ctl", parseSpecial: true));
    }

    [Fact]
    public void Encoding_and_decoding_return_any_text()
    {
        Tokenizer tokenizer = TinyTokenizer.Load(TinyTokenizer.Json("he", "Ġthe"));
        s_text.Sample(text =>
        {
            string sound = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
            Assert.Equal(sound, tokenizer.Decode(tokenizer.Encode(text)));
            Assert.Equal(sound, tokenizer.Decode(tokenizer.Encode(text, parseSpecial: true)));
        }, iter: 2000);
    }

    [Fact]
    public void Streamed_text_is_the_decoded_text_and_never_half_a_character()
    {
        Tokenizer tokenizer = TinyTokenizer.Load(TinyTokenizer.Json());
        StreamDecoder decoder = tokenizer.StartDecoding();
        int[] ids = tokenizer.Encode("a👩‍👩‍👧é");
        StringBuilder streamed = new();
        foreach (int id in ids)
        {
            string part = decoder.Push(id);
            Assert.DoesNotContain('\uFFFD', part);
            Assert.True(part.Length == 0 || !char.IsHighSurrogate(part[^1]));
            streamed.Append(part);
        }
        Assert.Equal("a👩‍👩‍👧é", streamed.ToString());
        Assert.Equal("", decoder.Flush());
        decoder.Push(ids[1]);
        Assert.Equal("\uFFFD", decoder.Flush());
    }

    [Fact]
    public void Random_ids_stream_to_what_they_decode_to()
    {
        Tokenizer tokenizer = TinyTokenizer.Load(TinyTokenizer.Json());
        Gen.Int[0, 262].Array.Sample(ids =>
        {
            StreamDecoder decoder = tokenizer.StartDecoding(skipSpecial: false);
            string streamed = string.Concat(ids.Select(decoder.Push)) + decoder.Flush();
            Assert.Equal(tokenizer.Decode(ids), streamed);
        }, iter: 1000);
    }

    [Theory]
    [InlineData(Splitting.WordScanner.Gpt2)]
    [InlineData(Splitting.WordScanner.Llama3)]
    [InlineData(Splitting.WordScanner.Qwen2)]
    [InlineData(Splitting.WordScanner.Tekken)]
    [InlineData(Splitting.WordScanner.O200k)]
    public void Scanners_split_as_their_regex_does(string pattern)
    {
        Splitting.ScannerSplit scanner = new(Splitting.WordScanner.For(pattern)!);
        Splitting.RegexSplit regex = new(new(pattern), Splitting.SplitBehavior.Isolated, false);
        s_text.Sample(text =>
        {
            // .NET does not fold U+017F to s; the reference engines and the scanner do.
            Splitting.Piece piece = new(text.Replace('ſ', 's'), 0, text.Length);
            List<Splitting.Piece> fast = [], slow = [];
            scanner.Split(piece, true, fast, new TextBudget(text.Length));
            regex.Split(piece, true, slow, new TextBudget(text.Length));
            Assert.Equal(slow, fast);
        }, iter: 2000);
    }

    [Fact]
    public void Merging_by_heap_and_by_scan_agree()
    {
        Gen.Select(Gen.Int[0, 3].Array[0, 40], Gen.Select(Gen.Int[0, 9], Gen.Int[0, 9]).Array[0, 20]).Sample((symbols, pairs) =>
        {
            Bpe.MergeTable merges = new();
            for (int rank = 0; rank < pairs.Length; rank++) merges.Set(pairs[rank].Item1, pairs[rank].Item2, rank, 4 + (rank % 6));
            int[] scan = [.. symbols], heap = [.. symbols];
            int scanned = Bpe.Merger.Scan(merges, scan), heaped = Bpe.Merger.Heap(merges, heap);
            Assert.Equal(scan[..scanned], heap[..heaped]);
        }, iter: 5000);
    }

    [Theory]
    [InlineData(true, false, "a <x>b", new[] { "a", "<x>", "b" })]
    [InlineData(false, true, "a<x> b", new[] { "a", "<x>", "b" })]
    [InlineData(false, false, "a<x> b", new[] { "a", "<x>", "Ġ", "b" })]
    public void Added_tokens_take_white_space_along_as_their_flags_say(bool left, bool right, string text, string[] tokens)
    {
        JsonObject json = TinyTokenizer.Json();
        json["added_tokens"]!.AsArray().Add(new JsonObject { ["id"] = 300, ["content"] = "<x>", ["lstrip"] = left, ["rstrip"] = right });
        Tokenizer tokenizer = TinyTokenizer.Load(json);
        Assert.Equal(tokens, tokenizer.Encode(text).Select(tokenizer.TokenOf));
        Assert.Equal(301, tokenizer.VocabularySize);
    }

    [Fact]
    public void A_single_word_token_does_not_match_inside_a_word()
    {
        JsonObject json = TinyTokenizer.Json();
        json["added_tokens"]!.AsArray().Add(new JsonObject { ["id"] = 300, ["content"] = "cat", ["single_word"] = true });
        Tokenizer tokenizer = TinyTokenizer.Load(json);
        Assert.Equal(1, tokenizer.Encode("cat, scat cats").Count(id => id == 300));
    }
}
