using System.Text;

namespace Hone.Text.Jinja;

/// <summary>Methods of str.</summary>
internal static class StringMethods
{
    public static Callable? Find(string text, string name, Budget budget)
    {
        Func<Arguments, object?>? method = name switch
        {
            "strip" => a => Strip(text, a, left: true, right: true, budget),
            "lstrip" => a => Strip(text, a, left: true, right: false, budget),
            "rstrip" => a => Strip(text, a, left: false, right: true, budget),
            "split" => a => Split(text, a, fromRight: false, budget),
            "rsplit" => a => Split(text, a, fromRight: true, budget),
            "splitlines" => _ => new JinjaList(PaidLines(text, budget)),
            "startswith" => a => Affix(a, part => text.StartsWith(part, StringComparison.Ordinal)),
            "endswith" => a => Affix(a, part => text.EndsWith(part, StringComparison.Ordinal)),
            "removeprefix" => a =>
                a.Text(0, "prefix", "") is var p && text.StartsWith(p, StringComparison.Ordinal) ? text[p.Length..] : text,
            "removesuffix" => a =>
                a.Text(0, "suffix", "") is var s && text.EndsWith(s, StringComparison.Ordinal) ? text[..^s.Length] : text,
            "upper" => _ => Upper(text),
            "lower" or "casefold" => _ => text.ToLowerInvariant(),
            "swapcase" => _ => string.Concat(text.Select(c => char.IsUpper(c) ? char.ToLowerInvariant(c).ToString() : Upper(c.ToString()))),
            "title" => _ => Title(text),
            "capitalize" => _ => Capitalize(text),
            "replace" => a => Replace(text, a.Text(0, "old", ""), a.Text(1, "new", ""), a.Integer(2, "count", -1), budget),
            "find" => a => Find(text, a, fromRight: false, budget),
            "rfind" => a => Find(text, a, fromRight: true, budget),
            "index" or "rindex" => a =>
                Find(text, a, name == "rindex", budget) is >= 0 and long at ? at : throw new JinjaException("substring not found"),
            "count" => a => Count(Between(text, a, out _), a.Text(0, "sub", ""), budget),
            "join" => a => Join(text, a.Require(0, "iterable"), budget),
            "format" => a => BraceFormat.Apply(text, a, budget),
            "isdigit" or "isnumeric" or "isdecimal" => _ => text.Length > 0 && text.All(char.IsDigit),
            "isalpha" => _ => text.Length > 0 && text.All(char.IsLetter),
            "isalnum" => _ => text.Length > 0 && text.All(char.IsLetterOrDigit),
            "isspace" => _ => text.Length > 0 && text.All(char.IsWhiteSpace),
            "isupper" => _ => text.Any(char.IsUpper) && !text.Any(char.IsLower),
            "islower" => _ => text.Any(char.IsLower) && !text.Any(char.IsUpper),
            "zfill" => a =>
                Pad(text, a, zeros => text is ['+' or '-', ..] ? text[0] + new string('0', zeros) + text[1..]
                : new string('0', zeros) + text, budget),
            "ljust" => a => Pad(text, a, blanks => text + Fill(a, blanks), budget),
            "rjust" => a => Pad(text, a, blanks => Fill(a, blanks) + text, budget),
            "center" => a => Center(text, a.Integer(0, "width", 0), a, budget),
            "partition" => a => Partition(text, a.Text(0, "sep", ""), fromRight: false, budget),
            "rpartition" => a => Partition(text, a.Text(0, "sep", ""), fromRight: true, budget),
            _ => null,
        };
        if (method is null) return null;
        return new Callable(name, arguments =>
        {
            budget.Characters(text.Length);
            return method(arguments);
        });
    }

    /// <summary>Upper case, with the letters that become two or three.</summary>
    public static string Upper(string text)
    {
        string upper = text.ToUpperInvariant();
        if (upper.AsSpan().IndexOfAny('\u00DF', '\u0149') < 0 && upper.AsSpan().IndexOfAnyInRange('\uFB00', '\uFB06') < 0) return upper;
        string[] ligatures = ["FF", "FI", "FL", "FFI", "FFL", "ST", "ST"];
        return string.Concat(upper.Select(c => c switch
        {
            '\u00DF' => "SS",
            '\u0149' => "\u02BCN",
            >= '\uFB00' and <= '\uFB06' => ligatures[c - '\uFB00'],
            _ => c.ToString(),
        }));
    }

    public static string Capitalize(string text) =>
        text.Length == 0 ? text : text[..1].ToUpperInvariant() + text[1..].ToLowerInvariant();

    public static string Replace(string text, string old, string with, long count, Budget budget)
    {
        if (count == 0) return text;
        long places = old.Length == 0 ? text.Length + 1L : Count(text, old, budget);
        if (count > 0) places = Math.Min(places, count);
        budget.Step(places);
        budget.Characters(Math.Max(text.Length, text.Length + (places * (with.Length - old.Length))));
        if (old.Length == 0)
        {
            return string.Concat(text.Select((c, i) => i < places ? with + c : c.ToString())) + (places > text.Length ? with : "");
        }
        StringBuilder result = new();
        int done = 0;
        for (int at; places > 0 && (at = text.IndexOf(old, done, StringComparison.Ordinal)) >= 0; places--)
        {
            result.Append(text, done, at - done).Append(with);
            done = at + old.Length;
        }
        return result.Append(text, done, text.Length - done).ToString();
    }

    public static string Join(string separator, object? items, Budget budget)
    {
        IReadOnlyList<object?> parts = PythonValue.Iterate(items, budget);
        budget.Characters(parts.Sum(p => (long)((p as string)?.Length ?? 0) + separator.Length));
        return string.Join(
            separator,
            parts.Select(p => p as string ?? throw new JinjaException($"expected str instance, {PythonValue.TypeName(p)} found")));
    }

    /// <summary>Lines without their ends, as splitlines cuts them.</summary>
    public static IEnumerable<string> Lines(string text)
    {
        int start = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] is not ('\n' or '\r' or '\v' or '\f' or '\x1c' or '\x1d' or '\x1e' or '\x85' or '\u2028' or '\u2029')) continue;
            yield return text[start..i];
            if (text[i] == '\r' && i + 1 < text.Length && text[i + 1] == '\n') i++;
            start = i + 1;
        }
        if (start < text.Length) yield return text[start..];
    }

    public static string Strip(string text, Arguments arguments, bool left, bool right, Budget budget)
    {
        char[]? characters = arguments.Get(0, "chars") is string chars ? chars.ToCharArray() : null;
        budget.Search(text.Length, characters?.Length ?? 1);
        if (left) text = characters is null ? text.TrimStart() : text.TrimStart(Sure(characters));
        if (right) text = characters is null ? text.TrimEnd() : text.TrimEnd(Sure(characters));
        return text;

        // Trim with no characters would trim white space.
        static char[] Sure(char[] set) => set.Length == 0 ? ['\uFFFF'] : set;
    }

    private static JinjaList Split(string text, Arguments arguments, bool fromRight, Budget budget)
    {
        object? separator = arguments.Get(0, "sep");
        long most = arguments.Integer(1, "maxsplit", -1);
        if (most < 0) most = int.MaxValue;
        if (separator is "") throw new JinjaException("empty separator");
        budget.Step(separator is string s ? 2 * Count(text, s, budget) : 2 * text.Count(char.IsWhiteSpace));
        List<object?> parts = separator is string sep ? SplitAt(text, sep, most, fromRight) : SplitSpaces(text, most, fromRight);
        return new JinjaList(parts);
    }

    private static List<object?> SplitAt(string text, string separator, long most, bool fromRight)
    {
        List<object?> parts = [];
        if (!fromRight)
        {
            int start = 0;
            for (int at; most-- > 0 && (at = text.IndexOf(separator, start, StringComparison.Ordinal)) >= 0; start = at + separator.Length)
            {
                parts.Add(text[start..at]);
            }
            parts.Add(text[start..]);
            return parts;
        }
        int end = text.Length;
        for (int at; most-- > 0 && end > 0 && (at = text.AsSpan(0, end).LastIndexOf(separator)) >= 0; end = at)
        {
            parts.Add(text[(at + separator.Length)..end]);
        }
        parts.Add(text[..end]);
        parts.Reverse();
        return parts;
    }

    private static List<object?> SplitSpaces(string text, long most, bool fromRight)
    {
        List<object?> parts = [];
        if (fromRight)
        {
            text = text.TrimEnd();
            while (text.Length > 0 && parts.Count < most)
            {
                int cut = text.Length;
                while (cut > 0 && !char.IsWhiteSpace(text[cut - 1])) cut--;
                parts.Add(text[cut..]);
                text = text[..cut].TrimEnd();
            }
            if (text.Length > 0) parts.Add(text);
            parts.Reverse();
            return parts;
        }
        int at = 0;
        while (true)
        {
            while (at < text.Length && char.IsWhiteSpace(text[at])) at++;
            if (at >= text.Length) return parts;
            int start = at;
            if (parts.Count == most)
            {
                parts.Add(text[start..]);
                return parts;
            }
            while (at < text.Length && !char.IsWhiteSpace(text[at])) at++;
            parts.Add(text[start..at]);
        }
    }

    private static bool Affix(Arguments arguments, Func<string, bool> matches) => arguments.Require(0, "prefix") switch
    {
        string part => matches(part),
        JinjaList { IsTuple: true } parts => parts.Items.OfType<string>().Any(matches),
        _ => throw new JinjaException("startswith and endswith take a str or a tuple of str"),
    };

    private static string Title(string text)
    {
        StringBuilder result = new(text.Length);
        bool inWord = false;
        foreach (char c in text)
        {
            result.Append(inWord ? char.ToLowerInvariant(c) : char.ToUpperInvariant(c));
            inWord = char.IsLetter(c);
        }
        return result.ToString();
    }

    private static List<object?> PaidLines(string text, Budget budget)
    {
        List<object?> lines = [];
        foreach (string line in Lines(text))
        {
            budget.Step(2);
            lines.Add(line);
        }
        return lines;
    }

    private static long Count(string text, string part, Budget budget)
    {
        budget.Search(text.Length, part.Length);
        if (part.Length == 0) return text.Length + 1;
        long count = 0;
        for (int at = 0; (at = text.IndexOf(part, at, StringComparison.Ordinal)) >= 0; at += part.Length) count++;
        return count;
    }

    private static string Pad(string text, Arguments arguments, Func<int, string> pad, Budget budget)
    {
        long width = arguments.Integer(0, "width", 0);
        budget.Characters(width);
        return pad((int)Math.Max(0, width - PythonString.Length(text)));
    }

    public static string Center(string text, long width, Arguments fill, Budget budget)
    {
        budget.Characters(width);
        int pad = (int)Math.Max(0, width - PythonString.Length(text));
        // Python puts the odd blank to the left when the width is odd, to the right otherwise.
        int left = (pad / 2) + (pad & (int)width & 1);
        return Fill(fill, left) + text + Fill(fill, pad - left);
    }

    private static string Fill(Arguments arguments, int count) =>
        arguments.Text(1, "fillchar", " ") is [var c] ? new string(c, count)
            : throw new JinjaException("the fill character must be exactly one character long");

    // Places are code points, so that what was found can be cut out.
    private static long Find(string text, Arguments arguments, bool fromRight, Budget budget)
    {
        string part = arguments.Text(0, "sub", ""), among = Between(text, arguments, out int start);
        budget.Search(among.Length, part.Length);
        int at = fromRight ? among.LastIndexOf(part, StringComparison.Ordinal) : among.IndexOf(part, StringComparison.Ordinal);
        return at < 0 ? -1 : PythonString.Length(text[..(start + at)]);
    }

    /// <summary>The text between the arguments start and end, which count code points, from the end where negative.</summary>
    private static string Between(string text, Arguments arguments, out int start)
    {
        start = 0;
        if (!arguments.Has(1, "start")) return text;
        long length = PythonString.Length(text);
        start = PythonString.UnitAt(text, FromEnd(arguments.Get(1, "start") is null ? 0 : arguments.Integer(1, "start", 0)));
        int end = PythonString.UnitAt(text, FromEnd(arguments.Get(2, "end") is null ? length : arguments.Integer(2, "end", length)));
        return end > start ? text[start..end] : "";

        long FromEnd(long place) => Math.Max(0, place < 0 ? place + length : place);
    }

    private static JinjaList Partition(string text, string separator, bool fromRight, Budget budget)
    {
        if (separator.Length == 0) throw new JinjaException("empty separator");
        budget.Search(text.Length, separator.Length);
        int at = fromRight ? text.LastIndexOf(separator, StringComparison.Ordinal) : text.IndexOf(separator, StringComparison.Ordinal);
        if (at < 0) return new JinjaList(fromRight ? ["", "", text] : [text, "", ""], IsTuple: true);
        return new JinjaList([text[..at], separator, text[(at + separator.Length)..]], IsTuple: true);
    }
}
