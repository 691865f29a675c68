using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hone.Text.Tests;

/// <summary>
/// Ids, spans and decoded texts of Hugging Face's own tokenizers (Rust, 0.22.2) for the components of tokenizer.json, on small
/// vocabularies of the tests' own. expected.mjs writes expected.jsonl.
/// </summary>
public sealed class HuggingFaceAgreementTests
{
    private static readonly string s_folder = Path.Combine(AppContext.BaseDirectory, "Agreement");
    private static readonly JsonObject s_source = JsonNode.Parse(File.ReadAllText(Path.Combine(s_folder, "tokenizers.json")))!.AsObject();
    private static readonly ILookup<string, JsonElement> s_expected = File.ReadLines(Path.Combine(s_folder, "expected.jsonl"))
        .Select(line => JsonDocument.Parse(line).RootElement).ToLookup(row => row.Text("tokenizer"));

    public static TheoryData<string> Names => [.. s_source["tokenizers"]!.AsObject().Select(p => p.Key)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Ids_spans_and_texts_agree(string name)
    {
        Tokenizer tokenizer = TinyTokenizer.Load(Complete(s_source["tokenizers"]![name]!.DeepClone().AsObject()));
        JsonElement[] rows = [.. s_expected[name].Where(row => row.TryGetProperty("text", out _))];
        Assert.Equal(s_source["texts"]!.AsArray().Count, rows.Length);
        foreach (JsonElement row in rows)
        {
            string text = row.Text("text");
            TokenSpan[] spans = tokenizer.EncodeWithOffsets(text, addSpecial: true, parseSpecial: true);
            int[] points = CodePoints(text), ids = row.Ids("ids");
            Assert.Equal(ids, spans.Select(s => s.Id));
            Assert.Equal(row.Ids("offsets"), spans.SelectMany(s => new[] { points[s.Start], points[s.End] }));
            Assert.Equal(ids, tokenizer.Encode(text, addSpecial: true, parseSpecial: true));
            Assert.Equal(row.Text("decoded"), tokenizer.Decode(ids));
        }
    }

    public static TheoryData<string> Decoded => [.. s_source["decodes"]!.AsObject().Select(p => p.Key)];

    /// <summary>A run of byte tokens that is not UTF-8 is one U+FFFD for each of its bytes, its good characters too.</summary>
    [Theory]
    [MemberData(nameof(Decoded))]
    public void Byte_tokens_decode_as_in_the_reference(string name)
    {
        Tokenizer tokenizer = TinyTokenizer.Load(Complete(s_source["tokenizers"]![name]!.DeepClone().AsObject()));
        foreach (JsonElement row in s_expected[name].Where(row => !row.TryGetProperty("text", out _)))
        {
            Assert.Equal(row.Text("decoded"), tokenizer.Decode(row.Ids("ids")));
            // What streams is the same, but for characters of the run that were shown already.
            StreamDecoder stream = tokenizer.StartDecoding(skipSpecial: false);
            string text = string.Concat(row.Ids("ids").Select(stream.Push)) + stream.Flush();
            Assert.Equal(
                row.Text("decoded").Replace("\uFFFD\uFFFD\uFFFDhe", "é\uFFFDhe"), text.Replace("\uFFFD\uFFFD\uFFFDhe", "é\uFFFDhe"));
        }
    }

    [Fact]
    public void All_rows_are_compared() => Assert.Equal((86, 1431), (Names.Count, s_expected.Sum(rows => rows.Count())));

    private static JsonObject Complete(JsonObject parts)
    {
        JsonNode vocabulary = s_source["vocabularies"]![(string)parts["base"]!]!;
        JsonObject model = parts["model"]!.AsObject();
        model["type"] = "BPE";
        model["vocab"] = new JsonObject(
            vocabulary["tokens"]!.AsArray().Select((token, id) => KeyValuePair.Create((string)token!, (JsonNode?)id)));
        model["merges"] = vocabulary["merges"]!.DeepClone();
        parts["added_tokens"] = parts["added"]?.DeepClone() ?? new JsonArray();
        return parts;
    }

    // The reference counts code points; Hone counts UTF-16 units.
    private static int[] CodePoints(string text)
    {
        int[] points = new int[text.Length + 1];
        int unit = 0, point = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            for (int i = 0; i < rune.Utf16SequenceLength; i++) points[unit++] = point;
            point++;
        }
        points[unit] = point;
        return points;
    }
}
