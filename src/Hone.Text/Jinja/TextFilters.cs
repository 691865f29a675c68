using System.Text;

namespace Hone.Text.Jinja;

/// <summary>Filters that make text from text.</summary>
internal static class TextFilters
{
    public static bool TryApply(string name, object? value, Arguments arguments, Budget budget, out object? result)
    {
        result = null;
        if (name is not ("upper" or "lower" or "capitalize" or "title" or "trim" or "replace" or "indent" or "escape" or "e" or "format"
            or "center" or "truncate" or "wordcount" or "urlencode"))
        {
            return false;
        }
        string text = PythonText.Str(value, budget);
        budget.Characters(text.Length);
        result = name switch
        {
            "upper" => text.ToUpperInvariant(),
            "lower" => text.ToLowerInvariant(),
            "capitalize" => StringMethods.Capitalize(text),
            "title" => Title(text),
            "trim" => StringMethods.Strip(text, arguments, left: true, right: true),
            "replace" => StringMethods.Replace(text, arguments.Text(0, "old", ""), arguments.Text(1, "new", ""), arguments.Integer(2, "count", -1), budget),
            "indent" => Indent(text, arguments, budget),
            "escape" or "e" => Escape(text),
            "format" => PercentFormat.Apply(text, FormatValues(arguments), budget),
            "center" => Center(text, arguments.Integer(0, "width", 80), budget),
            "truncate" => Truncate(text, arguments),
            "wordcount" => (long)text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length,
            _ => Uri.EscapeDataString(text).Replace("%2F", "/", StringComparison.Ordinal),
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

    private static string Escape(string text) => text
        .Replace("&", "&amp;", StringComparison.Ordinal)
        .Replace("<", "&lt;", StringComparison.Ordinal)
        .Replace(">", "&gt;", StringComparison.Ordinal)
        .Replace("'", "&#39;", StringComparison.Ordinal)
        .Replace("\"", "&#34;", StringComparison.Ordinal);

    private static object FormatValues(Arguments arguments)
    {
        if (arguments.Named.Count == 0) return new JinjaList(arguments.Positional, IsTuple: true);
        if (arguments.Positional.Count > 0) throw new JinjaException("can't handle positional and keyword arguments at the same time");
        JinjaDict dict = new();
        foreach ((string name, object? value) in arguments.Named) dict.Set(name, value);
        return dict;
    }

    private static string Center(string text, long width, Budget budget)
    {
        budget.Characters(width);
        int pad = (int)Math.Max(0, width - text.Length);
        // Python puts the odd blank to the left when the width is odd, to the right otherwise.
        int left = (pad / 2) + (pad & (int)width & 1);
        return new string(' ', left) + text + new string(' ', pad - left);
    }

    private static string Truncate(string text, Arguments arguments)
    {
        long length = arguments.Integer(0, "length", 255);
        string end = arguments.Text(2, "end", "...");
        if (text.Length <= length + arguments.Integer(3, "leeway", 5)) return text;
        string cut = text[..(int)Math.Clamp(length - end.Length, 0, text.Length)];
        if (!arguments.Flag(1, "killwords", false) && cut.LastIndexOf(' ') is >= 0 and int space) cut = cut[..space];
        return cut + end;
    }
}
