using System.Text;

namespace Hone.Text.Jinja;

/// <summary>Filters that make text from text.</summary>
internal static class TextFilters
{
    public static bool TryApply(string name, object? value, Arguments arguments, Budget budget, out object? result)
    {
        result = null;
        if (name is not (
            "upper" or "lower" or "capitalize" or "title" or "trim" or "replace" or "indent" or "escape" or "e" or "forceescape" or "format"
            or "center" or "truncate" or "wordcount" or "urlencode"))
        {
            return false;
        }
        string text = PythonText.Str(value, budget);
        budget.Characters(text.Length);
        result = name switch
        {
            "upper" => StringMethods.Upper(text),
            "lower" => text.ToLowerInvariant(),
            "capitalize" => StringMethods.Capitalize(text),
            "title" => Title(text),
            "trim" => StringMethods.Strip(text, arguments, left: true, right: true, budget),
            "replace" =>
                StringMethods.Replace(
                text, arguments.Text(0, "old", ""), arguments.Text(1, "new", ""), arguments.Integer(2, "count", -1), budget),
            "indent" =>
                Indent(value as string ?? throw new JinjaException($"indent needs a string, not '{PythonValue.TypeName(value)}'"),
                arguments, budget),
            "escape" or "e" or "forceescape" => Escape(text, budget),
            "format" => PercentFormat.Apply(text, FormatValues(arguments), budget),
            "center" => StringMethods.Center(text, arguments.Integer(0, "width", 80), Arguments.None, budget),
            "truncate" => Truncate(value, arguments),
            "wordcount" => Words(text),
            _ => value is JinjaDict dict ? UrlQuery(dict, budget) : UrlText(text, budget),
        };
        return true;
    }

    private static string Title(string text)
    {
        StringBuilder result = new(text.Length);
        bool starts = true;
        foreach (char c in text)
        {
            result.Append(starts ? char.ToUpperInvariant(c) : char.ToLowerInvariant(c));
            starts = char.IsWhiteSpace(c) || c is '-' or '(' or '{' or '[' or '<';
        }
        return result.ToString();
    }

    private static string Indent(string text, Arguments arguments, Budget budget)
    {
        object? width = arguments.Get(0, "width", 4L);
        bool first = arguments.Flag(1, "first", false), blank = arguments.Flag(2, "blank", false);
        string by = width as string ?? new string(' ', (int)Math.Clamp(arguments.Integer(0, "width", 4), 0, 1000));
        budget.Step(text.AsSpan().CountAny("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"));
        string[] lines = [.. StringMethods.Lines(text + "\n")];
        budget.Characters(text.Length + ((long)by.Length * lines.Length));
        StringBuilder result = new(first ? by : "");
        for (int i = 0; i < lines.Length; i++)
        {
            if (i > 0) result.Append('\n');
            if (i > 0 && (blank || lines[i].Length > 0)) result.Append(by);
            result.Append(lines[i]);
        }
        return result.ToString();
    }

    private static string Escape(string text, Budget budget)
    {
        budget.Characters(text.Length + (5L * text.AsSpan().CountAny("&<>'\"")));
        return text
        .Replace("&", "&amp;", StringComparison.Ordinal)
        .Replace("<", "&lt;", StringComparison.Ordinal)
        .Replace(">", "&gt;", StringComparison.Ordinal)
        .Replace("'", "&#39;", StringComparison.Ordinal)
        .Replace("\"", "&#34;", StringComparison.Ordinal);
    }

    private static object FormatValues(Arguments arguments)
    {
        if (arguments.Named.Count == 0) return new JinjaList(arguments.Positional, IsTuple: true);
        if (arguments.Positional.Count > 0) throw new JinjaException("can't handle positional and keyword arguments at the same time");
        JinjaDict dict = new();
        foreach ((string name, object? value) in arguments.Named) dict.Set(name, value);
        return dict;
    }

    private static object? Truncate(object? value, Arguments arguments)
    {
        long length = arguments.Integer(0, "length", 255);
        string end = arguments.Text(2, "end", "...");
        if (PythonValue.Length(value) <= length + arguments.Integer(3, "leeway", 5)) return value;
        string text = value as string ?? throw new JinjaException($"truncate needs a string, not '{PythonValue.TypeName(value)}'");
        string cut = text[..PythonString.UnitAt(text, Math.Max(0, length - end.Length))];
        if (!arguments.Flag(1, "killwords", false) && cut.LastIndexOf(' ') is >= 0 and int space) cut = cut[..space];
        return cut + end;
    }

    // Runs of letters, digits and underscores.
    private static long Words(string text)
    {
        long words = 0;
        bool inside = false;
        foreach (Rune rune in text.EnumerateRunes())
        {
            bool word = Rune.IsLetterOrDigit(rune) || rune.Value == '_';
            if (word && !inside) words++;
            inside = word;
        }
        return words;
    }

    // A character becomes up to nine.
    private static string UrlText(string text, Budget budget)
    {
        budget.Characters(Math.Min(9L * text.Length, int.MaxValue));
        return Uri.EscapeDataString(text).Replace("%2F", "/", StringComparison.Ordinal);
    }

    private static string UrlQuery(JinjaDict dict, Budget budget)
    {
        string query = string.Join('&', dict.Entries.Select(e => $"{Quote(e.Key)}={Quote(e.Value)}"));
        budget.Characters(query.Length);
        return query;

        string Quote(object? part)
        {
            string text = PythonText.Str(part, budget);
            budget.Characters(Math.Min(9L * text.Length, int.MaxValue));
            return Uri.EscapeDataString(text).Replace("%20", "+", StringComparison.Ordinal);
        }
    }
}
