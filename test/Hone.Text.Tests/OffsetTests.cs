using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using Microsoft.ML.Tokenizers;

namespace Hone.Text.Tests;

/// <summary>Where tokens stand in the text.</summary>
public sealed class OffsetTests
{
    private static readonly Gen<string> s_text = Gen.OneOf(
        Gen.String, Gen.String[Gen.Char["  \t\r\n'saSLld1９½éſßあ한🙂<|>_\u0301\u00A0\u2003e\u2581"]]);

    [Fact]
    public void Byte_level_offsets_are_the_sums_of_the_tokens_bytes()
    {
        Tokenizer tokenizer = TinyTokenizer.Load(TinyTokenizer.Json("he", "Ġthe", "hello"));
        s_text.Sample(text =>
        {
            TokenSpan[] spans = tokenizer.EncodeWithOffsets(text, parseSpecial: true);
            Assert.Equal(tokenizer.Encode(text, parseSpecial: true), spans.Select(s => s.Id));
            // Slow and plain: the characters of which any byte lies in the token's stretch of the text's bytes.
            int bytes = 0;
            foreach (TokenSpan span in spans)
            {
                // Its characters are of the byte alphabet, or ASCII: one for each byte.
                int length = tokenizer.TokenOf(span.Id).Length;
                Assert.Equal(Characters(text, bytes, bytes + length), (span.Start, span.End));
                bytes += length;
            }
        }, iter: 3000);
    }

    [Theory]
    [InlineData("tokenizers/llama3-hf")]
    [InlineData("tokenizers/minueza-32m-chat")]
    [InlineData("models/stories260K-hf")]
    [InlineData("models/tinystories-656k-hf")]
    [InlineData("tokenizers/llama2")]
    public void Ids_are_those_of_encoding_and_spans_go_forward_over_the_text(string folder)
    {
        Tokenizer tokenizer = Tokenizer.Load(SharedData.Require(folder));
        int rows = 0;
        foreach (string text in VectorFile.Read("tokenizer_oracle.jsonl").Select(r => r.Text("text")).Distinct())
        {
            foreach (bool special in new[] { false, true })
            {
                TokenSpan[] spans = tokenizer.EncodeWithOffsets(text, addSpecial: special, parseSpecial: special);
                Assert.Equal(tokenizer.Encode(text, addSpecial: special, parseSpecial: special), spans.Select(s => s.Id));
                int start = 0;
                foreach (TokenSpan span in spans)
                {
                    Assert.InRange(span.Start, start, text.Length);
                    Assert.InRange(span.End, span.Start, text.Length);
                    start = span.Start;
                }
                rows++;
            }
        }
        Assert.True(rows > 100);
    }

    [Fact]
    public void Spans_of_sentencepiece_tokens_hold_the_text_they_spell()
    {
        Tokenizer tokenizer = Tokenizer.Load(SharedData.Require("models/stories260K-hf"));
        const string Text = "Once upon a  time, Tim's café 🙂";
        foreach (TokenSpan span in tokenizer.EncodeWithOffsets(Text))
        {
            string token = tokenizer.TokenOf(span.Id);
            string held = Text[span.Start..span.End];
            if (token.StartsWith("<0x", StringComparison.Ordinal)) Assert.Contains(held, (string[])["é", "🙂"]);
            else Assert.Equal(span.Start == 0 && token[0] == '\u2581' ? token[1..] : token.Replace('\u2581', ' '), held);
        }
    }

    [Fact]
    public void Offsets_of_llama3_equal_those_of_microsofts_tiktoken()
    {
        Tokenizer ours = Tokenizer.Load(SharedData.Require("tokenizers/llama3-hf"));
        using FileStream ranks = File.OpenRead(SharedData.Require("tokenizers/llama3/tokenizer.model"));
        TiktokenTokenizer theirs = TiktokenTokenizer.Create(ranks, new RegexPreTokenizer(new(Splitting.WordScanner.Llama3), null), null);
        string source = File.ReadAllText(SharedData.Require("tokenizers/dotnet-tiktoken-vectors/lib.rs.txt"));
        string[] texts = [source, "Hello, y'all! How are you today?", "a\n\n  b\t c 12345", "naïve façade Straße"];
        int tokens = 0;
        foreach (string text in texts)
        {
            (int, int)[] published = [.. theirs.EncodeToTokens(text, out _).Select(t => (t.Offset.Start.Value, t.Offset.End.Value))];
            Assert.Equal(published, ours.EncodeWithOffsets(text).Select(s => (s.Start, s.End)));
            tokens += published.Length;
        }
        Assert.True(tokens > 5000);
    }

    [Fact]
    public void A_composed_character_spans_the_character_that_it_begins_with()
    {
        JsonObject json = TinyTokenizer.Json();
        json["normalizer"] = new JsonObject { ["type"] = "NFC" };
        Tokenizer tokenizer = TinyTokenizer.Load(json);
        // e + combining acute is one character of two bytes; Hugging Face's tokenizers leave the accent out of its span.
        TokenSpan[] spans = tokenizer.EncodeWithOffsets("xe\u0301y");
        Assert.Equal([(0, 1), (1, 2), (1, 2), (3, 4)], spans.Select(s => (s.Start, s.End)));
    }

    [Fact]
    public void Special_tokens_that_are_added_have_an_empty_span()
    {
        Tokenizer tokenizer = TinyTokenizer.Load(TinyTokenizer.Json());
        TokenSpan[] spans = tokenizer.EncodeWithOffsets("ab", addSpecial: true);
        Assert.Equal(new TokenSpan(tokenizer.BosId!.Value, 0, 0), spans[0]);
        Assert.Equal((0, 1), (spans[1].Start, spans[1].End));
    }

    [Fact]
    public void A_batch_on_all_cores_gives_the_ids_of_one_by_one()
    {
        Tokenizer tokenizer = TinyTokenizer.Load(TinyTokenizer.Json("he", "Ġthe"));
        string[] texts = [.. Enumerable.Range(0, 500).Select(i => $"text {i} the hello {new string('x', i % 37)}")];
        Assert.Equal(texts.Select(t => tokenizer.Encode(t, addSpecial: true)), tokenizer.EncodeBatch(texts, addSpecial: true, threads: 4));
        Assert.Empty(tokenizer.EncodeBatch([]));
    }

    [Fact]
    public void A_text_of_a_batch_that_cannot_be_encoded_is_an_input_error_as_one_by_one()
    {
        JsonObject json = TinyTokenizer.Json();
        json["model"]!["vocab"]!.AsObject().Remove("z");
        Tokenizer tokenizer = TinyTokenizer.Load(json);
        InputException one = Assert.Throws<InputException>(() => tokenizer.Encode("az"));
        Assert.Equal(one.Message, Assert.Throws<InputException>(() => tokenizer.EncodeBatch(["a", "az", "b", "az"], threads: 2)).Message);
    }

    private static (int Start, int End) Characters(string text, int firstByte, int endByte)
    {
        int at = 0, unit = 0, start = -1, end = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            int next = at + rune.Utf8SequenceLength;
            if (next > firstByte && at < endByte)
            {
                if (start < 0) start = unit;
                end = unit + rune.Utf16SequenceLength;
            }
            (at, unit) = (next, unit + rune.Utf16SequenceLength);
        }
        return (start, end);
    }
}
