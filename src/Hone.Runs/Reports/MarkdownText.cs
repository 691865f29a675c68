using System.Text;

namespace Hone.Runs;

/// <summary>Text of others inside Markdown and YAML.</summary>
internal static class MarkdownText
{
    /// <summary>One line in which no character is read as markup, HTML or the end of a table cell.</summary>
    public static string Cell(string text)
    {
        StringBuilder escaped = new(text.Length + 8);
        foreach (char c in text)
        {
            if (char.IsControl(c)) escaped.Append(' ');
            else if (c is '<') escaped.Append("&lt;");
            else if (c is '&') escaped.Append("&amp;");
            else if ("\\`*_{}[]()#+!|>~".Contains(c)) escaped.Append('\\').Append(c);
            else escaped.Append(c);
        }
        return escaped.ToString();
    }

    /// <summary>A code block whose fence is longer than any run of backticks in the text.</summary>
    public static string Block(string text, string language)
    {
        int longest = 0, run = 0;
        foreach (char c in text) longest = Math.Max(longest, run = c == '`' ? run + 1 : 0);
        string fence = new('`', Math.Max(3, longest + 1));
        return $"{fence}{language}\n{text.Replace("\r", "", StringComparison.Ordinal).TrimEnd('\n')}\n{fence}\n";
    }

    /// <summary>A double-quoted YAML scalar (YAML 1.2, section 7.3.1).</summary>
    public static string YamlScalar(string text)
    {
        StringBuilder quoted = new("\"");
        foreach (char c in text)
        {
            if (c is '"' or '\\') quoted.Append('\\').Append(c);
            else if (char.IsControl(c) || c is '\u2028' or '\u2029' or '\uFEFF') quoted.Append($"\\u{(int)c:X4}");
            else quoted.Append(c);
        }
        return quoted.Append('"').ToString();
    }
}
