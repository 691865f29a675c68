using System.Text.RegularExpressions;

namespace Hone.Text.TokenizerFile;

/// <summary>A pattern: {"String": ...} or {"Regex": ...}, the latter always with a time limit (a first one: <see cref="TextBudget"/>
/// holds all matches of a text together), since it comes from outside.</summary>
internal static class PatternReader
{
    private const int MaxLength = 4096;
    private const int MaxNesting = 64;
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(0.5);

    public static (string? Text, Regex? Regex, string Source) Read(JsonFields fields)
    {
        if (fields.Text("String") is string text)
        {
            if (text.Length > MaxLength)
            {
                throw new InputException($"a pattern of {text.Length} characters; {MaxLength} is the most", fields.Where);
            }
            return text.Length > 0 ? (text, null, text) : throw new InputException("an empty pattern matches nothing", fields.Where);
        }
        string source = fields.Text("Regex")
            ?? throw new InputException("a pattern is {\"String\": ...} or {\"Regex\": ...}", fields.Where);
        return (null, Compile(source, fields.Where), source);
    }

    /// <summary>What is put in place of a pattern.</summary>
    public static string Content(JsonFields fields, string name)
    {
        string content = fields.Text(name) ?? "";
        return content.Length <= MaxLength
            ? content
            : throw new InputException($"\"{name}\" has {content.Length} characters; {MaxLength} are the most", fields.Where);
    }

    public static Regex Compile(string source, string where)
    {
        if (source.Length > MaxLength) throw new InputException($"a regex of {source.Length} characters; {MaxLength} is the most", where);
        int depth = 0;
        foreach (char c in source)
        {
            depth += c switch { '(' => 1, ')' => -1, _ => 0 };
            if (depth > MaxNesting) throw new InputException($"the regex nests deeper than {MaxNesting}", where);
        }
        try
        {
            return new Regex(OnigurumaPattern.ToDotNet(source, where), RegexOptions.CultureInvariant, s_limit);
        }
        catch (ArgumentException error)
        {
            throw new InputException($"the regex {source} is not supported: {error.Message}", where, inner: error);
        }
    }
}
