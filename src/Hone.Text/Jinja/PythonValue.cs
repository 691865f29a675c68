using System.Globalization;

namespace Hone.Text.Jinja;

/// <summary>
/// What Python does with the values that a template can hold: None (null), bool, int (long), float (double), str, list, tuple, dict,
/// namespaces and callables.
/// </summary>
internal static class PythonValue
{
    public static string TypeName(object? value) => value switch
    {
        null => "NoneType",
        bool => "bool",
        long => "int",
        double => "float",
        string => "str",
        JinjaList list => list.IsTuple ? "tuple" : "list",
        JinjaDict => "dict",
        Undefined => "Undefined",
        JinjaNamespace => "Namespace",
        LoopState => "LoopContext",
        Callable => "function",
        _ => "object",
    };

    public static bool IsTrue(object? value) => value switch
    {
        null or Undefined => false,
        bool b => b,
        long n => n != 0,
        double d => d != 0,
        string s => s.Length > 0,
        JinjaList list => list.Items.Count > 0,
        JinjaDict dict => dict.Count > 0,
        _ => true,
    };

    public static bool IsNumber(object? value) => value is long or double or bool;

    public static double ToDouble(object? value) => value switch
    {
        long n => n,
        double d => d,
        bool b => b ? 1 : 0,
        Undefined u => throw u.Error(),
        _ => throw new JinjaException($"a number is needed, not '{TypeName(value)}'"),
    };

    /// <summary>Items of something that can be iterated.</summary>
    public static IReadOnlyList<object?> Iterate(object? value) => value switch
    {
        JinjaList list => list.Items,
        JinjaDict dict => [.. dict.Keys],
        string text => PythonString.Characters(text),
        Undefined => [],
        _ => throw new JinjaException($"'{TypeName(value)}' object is not iterable"),
    };

    public static long Length(object? value) => value switch
    {
        string text => PythonString.Length(text),
        JinjaList list => list.Items.Count,
        JinjaDict dict => dict.Count,
        Undefined => 0,
        _ => throw new JinjaException($"object of type '{TypeName(value)}' has no len()"),
    };

    public static new bool Equals(object? a, object? b)
    {
        Budget.EnsureStack();
        return (a, b) switch
        {
            (null, null) => true,
            (Undefined, Undefined) => true,
            (string x, string y) => x == y,
            (long x, long y) => x == y,
            (JinjaList x, JinjaList y) => x.IsTuple == y.IsTuple && x.Items.Count == y.Items.Count && x.Items.Zip(y.Items).All(p => Equals(p.First, p.Second)),
            (JinjaDict x, JinjaDict y) => x.Count == y.Count && x.Entries.All(e => y.TryGet(e.Key, out object? other) && Equals(e.Value, other)),
            _ when IsNumber(a) && IsNumber(b) => ToDouble(a) == ToDouble(b),
            _ => ReferenceEquals(a, b),
        };
    }

    /// <summary>Order of two values: negative, zero or positive.</summary>
    public static int Compare(object? a, object? b)
    {
        Budget.EnsureStack();
        switch (a, b)
        {
            case (long x, long y): return x.CompareTo(y);
            case (string x, string y): return string.CompareOrdinal(x, y);
            case (JinjaList x, JinjaList y) when x.IsTuple == y.IsTuple:
                for (int i = 0; i < Math.Min(x.Items.Count, y.Items.Count); i++)
                {
                    if (!Equals(x.Items[i], y.Items[i])) return Compare(x.Items[i], y.Items[i]);
                }
                return x.Items.Count.CompareTo(y.Items.Count);
        }
        if (IsNumber(a) && IsNumber(b)) return ToDouble(a).CompareTo(ToDouble(b));
        if ((a as Undefined ?? b as Undefined) is { } missing) throw missing.Error();
        throw new JinjaException($"'{TypeName(a)}' and '{TypeName(b)}' cannot be ordered");
    }

    public static bool Contains(object? container, object? item) => container switch
    {
        string text => item is string part
            ? text.Contains(part, StringComparison.Ordinal)
            : throw new JinjaException($"'in <string>' requires string as left operand, not {TypeName(item)}"),
        JinjaDict dict => dict.TryGet(item, out _),
        JinjaNamespace space => item is string name && space.Attributes.ContainsKey(name),
        _ => Iterate(container).Any(x => Equals(x, item)),
    };

    public static string FloatText(double value)
    {
        if (double.IsNaN(value)) return "nan";
        if (double.IsInfinity(value)) return value > 0 ? "inf" : "-inf";
        double size = Math.Abs(value);
        if (size != 0 && (size < 1e-4 || size >= 1e16))
        {
            string text = value.ToString("R", CultureInfo.InvariantCulture).ToLowerInvariant();
            return text.Contains('e') ? FixExponent(text) : FixExponent(value.ToString("0.################e+00", CultureInfo.InvariantCulture));
        }
        string plain = value.ToString("R", CultureInfo.InvariantCulture);
        if (plain.Contains('E')) plain = value.ToString("0.####################", CultureInfo.InvariantCulture);
        return plain.Contains('.') ? plain : plain + ".0";
    }

    // Python writes at least two digits of exponent: 1e-05, 1e+16.
    private static string FixExponent(string text)
    {
        int e = text.IndexOf('e');
        string digits = text[(e + 2)..].TrimStart('0').PadLeft(2, '0');
        return text[..(e + 1)] + text[e + 1] + digits;
    }
}
