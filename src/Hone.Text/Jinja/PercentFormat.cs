using System.Globalization;
using System.Text;

namespace Hone.Text.Jinja;

/// <summary>Python's "..." % values, for the conversions s, r, d, i, f, x and %.</summary>
internal static class PercentFormat
{
    private const int MaxWidth = 1000;

    public static string Apply(string format, object? values, Budget budget)
    {
        IReadOnlyList<object?> items = values is JinjaList { IsTuple: true } tuple ? tuple.Items : [values];
        budget.Characters(format.Length);
        StringBuilder text = new();
        int next = 0;
        for (int i = 0; i < format.Length; i++)
        {
            int plain = format.AsSpan(i).IndexOf('%');
            text.Append(format, i, plain < 0 ? format.Length - i : plain);
            if (plain < 0) break;
            i += plain;
            i++;
            object? named = null;
            bool hasName = i < format.Length && format[i] == '(';
            if (hasName)
            {
                int close = format.IndexOf(')', i);
                if (close < 0) throw new JinjaException("incomplete format key");
                if (values is not JinjaDict dict || !dict.TryGet(format[(i + 1)..close], out named, budget))
                {
                    throw new JinjaException("format requires a mapping");
                }
                i = close + 1;
            }
            int start = i;
            while (i < format.Length && (char.IsAsciiDigit(format[i]) || format[i] is '.' or '-' or '+' or ' ')) i++;
            if (i >= format.Length) throw new JinjaException("incomplete format");
            string options = format[start..i];
            if (format[i] == '%') text.Append('%');
            else
            {
                if (!hasName && next >= items.Count) throw new JinjaException("not enough arguments for format string");
                AppendOne(format[i], options, hasName ? named : items[next++], text, budget);
            }
        }
        if (next < items.Count && values is not JinjaDict) throw new JinjaException("not all arguments converted during string formatting");
        return text.ToString();
    }

    private static void AppendOne(char conversion, string options, object? value, StringBuilder text, Budget budget)
    {
        bool left = options.StartsWith('-'), plus = options.Contains('+');
        string[] parts = options.TrimStart('-', '+', ' ').Split('.');
        int width = Number(parts[0]);
        int? precision = parts.Length > 1 ? Number(parts[1]) : null;
        bool zero = parts[0].StartsWith('0') && !left && conversion is 'd' or 'i' or 'f' or 'x';
        string body = conversion switch
        {
            's' => Cut(PythonText.Str(value, budget), precision),
            'r' => Cut(PythonText.Repr(value, budget), precision),
            'd' or 'i' when value is long or System.Numerics.BigInteger => PythonInteger.Text(value, budget),
            'd' or 'i' => Math.Truncate(PythonValue.ToDouble(value)).ToString("0", CultureInfo.InvariantCulture),
            'f' => PythonValue.ToDouble(value).ToString("F" + (precision ?? 6), CultureInfo.InvariantCulture),
            'x' when value is long n => n.ToString("x", CultureInfo.InvariantCulture),
            _ => throw new JinjaException($"unsupported format character '{conversion}'"),
        };
        if (plus && conversion is 'd' or 'i' or 'f' && !body.StartsWith('-')) body = "+" + body;
        budget.Append(text.Length, Math.Max(width, body.Length));
        text.Append(left ? body.PadRight(width) : body.PadLeft(width, zero ? '0' : ' '));
    }

    private static string Cut(string text, int? precision) => precision is int most && text.Length > most ? text[..most] : text;

    private static int Number(string digits)
    {
        if (digits.Length == 0) return 0;
        return int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value <= MaxWidth
            ? value
            : throw new JinjaException($"a format width of {digits} is not supported");
    }
}
