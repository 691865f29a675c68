using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Hone.Evaluation;

/// <summary>
/// One checkable instruction of IFEval, with its arguments bound. The 25 checks are those of Google's
/// <c>instruction_following_eval</c> as lm-evaluation-harness has them at release 0.4.12.
/// </summary>
internal sealed partial class Instruction
{
    private static readonly string[] s_options = ["My answer is yes.", "My answer is no.", "My answer is maybe."];

    private static readonly SearchValues<char> s_wordEnds = SearchValues.Create(".,?!'\"");

    private readonly Func<string, bool> _check;

    private Instruction(string id, Func<string, bool> check) => (Id, _check) = (id, check);

    public string Id { get; }

    /// <summary>Whether the row lacks what the check needs; then nothing follows it.</summary>
    public bool Incomplete { get; private init; }

    /// <summary>An answer without text follows no instruction.</summary>
    public bool FollowedBy(string answer) => !string.IsNullOrWhiteSpace(answer) && _check(answer);

    /// <exception cref="InputException">There is no such instruction.</exception>
    public static Instruction Of(string id, JsonObject arguments, string path)
    {
        try
        {
            return new Instruction(id, Check(id, new Arguments(arguments))
                ?? throw new InputException($"there is no instruction `{id}` in IFEval", path));
        }
        catch (MissingArgumentException)
        {
            return new Instruction(id, _ => false) { Incomplete = true };
        }
    }

    private static Func<string, bool>? Check(string id, Arguments args)
    {
        switch (id)
        {
            case "keywords:existence":
                Regex[] wanted = [.. args.Texts("keywords").Select(k => Pattern(k))];
                return text => wanted.All(k => k.IsMatch(text));
            case "keywords:frequency":
                Regex keyword = Pattern(args.Text("keyword").Trim());
                Func<int, bool> often = args.Compare("relation", "frequency");
                return text => often(keyword.Count(text));
            case "keywords:forbidden_words":
                Regex[] forbidden = [.. args.Texts("forbidden_words").Select(w => Pattern(w, @"\b"))];
                return text => !forbidden.Any(w => w.IsMatch(text));
            case "keywords:letter_frequency":
                string letter = args.Text("letter").Trim().ToLowerInvariant();
                if (letter.Length != 1) throw new MissingArgumentException();
                Func<int, bool> letters = args.Compare("let_relation", "let_frequency");
                return text => letters(text.ToLowerInvariant().Count(c => c == letter[0]));
            case "language:response_language":
                string language = args.Text("language");
                return text => WrittenLanguage.Of(text) is not { } written || written == language;
            case "length_constraints:number_sentences":
                Func<int, bool> sentences = args.Compare("relation", "num_sentences");
                return text => sentences(EnglishText.Sentences(text));
            case "length_constraints:number_paragraphs":
                int paragraphs = args.Number("num_paragraphs");
                return text => Parts(Divider().Split(text)) is { } parts && parts.Count == paragraphs;
            case "length_constraints:number_words":
                Func<int, bool> words = args.Compare("relation", "num_words");
                return text => words(EnglishText.Words(text));
            case "length_constraints:nth_paragraph_first_word":
                (int count, int nth, string first) =
                    (args.Number("num_paragraphs"), args.Number("nth_paragraph"), args.Text("first_word"));
                return text => NthParagraphBegins(text, count, nth, first);
            case "detectable_content:number_placeholders":
                int placeholders = args.Number("num_placeholders");
                return text => Placeholder().Count(text) >= placeholders;
            case "detectable_content:postscript":
                Regex postscript = Postscript(args.Text("postscript_marker").Trim());
                return text => postscript.IsMatch(text.ToLowerInvariant());
            case "detectable_format:number_bullet_lists":
                int bullets = args.Number("num_bullets");
                return text => Star().Count(text) + Dash().Count(text) == bullets;
            case "detectable_format:constrained_response":
                return text => s_options.Any(o => text.Contains(o, StringComparison.Ordinal));
            case "detectable_format:number_highlighted_sections":
                int highlights = args.Number("num_highlights");
                return text => Highlight().Matches(text).Count(m => !string.IsNullOrWhiteSpace(m.Value.Trim('*')))
                    + DoubleHighlight().Matches(text).Count(m => !string.IsNullOrWhiteSpace(m.Value[2..^2])) >= highlights;
            case "detectable_format:multiple_sections":
                Regex section = Pattern(args.Text("section_spliter").Trim(), @"\s?", @"\s?\d+\s?", RegexOptions.None);
                int sections = args.Number("num_sections");
                return text => section.Count(text) >= sections;
            case "detectable_format:json_format":
                return IsJson;
            case "detectable_format:title":
                return text => Title().Matches(text).Any(m => !string.IsNullOrWhiteSpace(m.Value.TrimStart('<').TrimEnd('>')));
            case "combination:two_responses":
                return text => Parts(text.Split("******")) is [var one, var other] && one.Trim() != other.Trim();
            case "combination:repeat_prompt":
                string prompt = args.Text("prompt_to_repeat").Trim().ToLowerInvariant();
                return text => text.Trim().ToLowerInvariant().StartsWith(prompt, StringComparison.Ordinal);
            case "startend:end_checker":
                string end = args.Text("end_phrase").Trim().ToLowerInvariant();
                return text => text.Trim().Trim('"').ToLowerInvariant().EndsWith(end, StringComparison.Ordinal);
            case "startend:quotation":
                return text => text.Trim() is ['"', .., '"'];
            case "change_case:capital_word_frequency":
                Func<int, bool> capitals = args.Compare("capital_relation", "capital_frequency");
                return text => capitals(EnglishText.CapitalWords(text));
            case "change_case:english_capital":
                return text => EnglishText.IsUpper(text) && WrittenLanguage.Of(text) is null or "en";
            case "change_case:english_lowercase":
                return text => EnglishText.IsLower(text) && WrittenLanguage.Of(text) is null or "en";
            case "punctuation:no_comma":
                return text => !text.Contains(',', StringComparison.Ordinal);
            default:
                return null;
        }
    }

    /// <summary>The parts that hold text; null where an empty one stands between others.</summary>
    private static List<string>? Parts(string[] parts)
    {
        for (int i = 1; i < parts.Length - 1; i++)
            if (string.IsNullOrWhiteSpace(parts[i])) return null;
        return [.. parts.Where(p => !string.IsNullOrWhiteSpace(p))];
    }

    private static bool NthParagraphBegins(string text, int count, int nth, string first)
    {
        string[] paragraphs = text.Split("\n\n");
        int filled = paragraphs.Count(p => !string.IsNullOrWhiteSpace(p));
        // The position counts empty paragraphs too, as upstream's does.
        if (nth < 1 || nth > filled || string.IsNullOrWhiteSpace(paragraphs[nth - 1])) return false;
        string word = paragraphs[nth - 1].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[0].TrimStart('\'').TrimStart('"');
        int end = word.AsSpan().IndexOfAny(s_wordEnds);
        return filled == count && string.Equals(end < 0 ? word : word[..end], first, StringComparison.OrdinalIgnoreCase);
    }

    private static Regex Postscript(string marker) => marker switch
    {
        "P.P.S" => Pattern(@"p\.\s?p\.\s?s"),
        "P.S." => Pattern(@"p\.\s?s\."),
        _ => Pattern(marker.ToLowerInvariant()),
    };

    private static bool IsJson(string text)
    {
        string json = text.Trim();
        foreach (string fence in (string[])["```json", "```Json", "```JSON", "```"])
            if (json.StartsWith(fence, StringComparison.Ordinal)) json = json[fence.Length..];
        if (json.EndsWith("```", StringComparison.Ordinal)) json = json[..^3];
        try
        {
            using JsonDocument _ = JsonDocument.Parse(json.Trim(), new JsonDocumentOptions { MaxDepth = 500 });
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>Words of the rows are regular expressions upstream. One that is not valid is taken letter by letter.</summary>
    private static Regex Pattern(string word, string before = "", string? after = null, RegexOptions options = RegexOptions.IgnoreCase)
    {
        options |= RegexOptions.CultureInvariant | RegexOptions.NonBacktracking;
        try
        {
            return new Regex(before + word + (after ?? before), options);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return new Regex(before + Regex.Escape(word) + (after ?? before), options);
        }
    }

    [GeneratedRegex(@"\s?\*\*\*\s?")]
    private static partial Regex Divider();

    [GeneratedRegex(@"\[.*?\]")]
    private static partial Regex Placeholder();

    [GeneratedRegex(@"^\s*\*[^\*].*$", RegexOptions.Multiline)]
    private static partial Regex Star();

    [GeneratedRegex(@"^\s*-.*$", RegexOptions.Multiline)]
    private static partial Regex Dash();

    [GeneratedRegex(@"\*[^\n\*]*\*")]
    private static partial Regex Highlight();

    [GeneratedRegex(@"\*\*[^\n\*]*\*\*")]
    private static partial Regex DoubleHighlight();

    [GeneratedRegex(@"<<[^\n]+>>")]
    private static partial Regex Title();

    /// <summary>An instruction's arguments; null values are as good as none.</summary>
    private sealed class Arguments(JsonObject row)
    {
        public string Text(string name) => row[name] is JsonValue value && value.TryGetValue(out string? text) && text.Length > 0
            ? text : throw new MissingArgumentException();

        public string[] Texts(string name) => row[name] is JsonArray { Count: > 0 } items ? [.. items.Select(i => $"{i}")]
            : throw new MissingArgumentException();

        public int Number(string name) => row[name] is JsonValue value && value.GetValueKind() == JsonValueKind.Number
            && value.TryGetValue(out double number) && Math.Abs(number) < int.MaxValue ? (int)number : throw new MissingArgumentException();

        public Func<int, bool> Compare(string relation, string number)
        {
            int threshold = Number(number);
            return Text(relation) switch
            {
                "less than" => count => count < threshold,
                "at least" => count => count >= threshold,
                _ => throw new MissingArgumentException(),
            };
        }
    }

    private sealed class MissingArgumentException : Exception;
}
