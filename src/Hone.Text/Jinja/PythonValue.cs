using System.Globalization;
using System.Numerics;

namespace Hone.Text.Jinja;

/// <summary>
/// What Python does with the values that a template can hold: None (null), bool, int (long, or BigInteger beyond), float
/// (double), str, list, tuple, dict,
/// namespaces and callables.
/// </summary>
internal static class PythonValue
{
    // Lists and dicts that share their parts can hold far more comparisons than memory.
    private const int StepsPerContainer = 4;

    public static string TypeName(object? value) => value switch
    {
        null => "NoneType",
        bool => "bool",
        long or BigInteger => "int",
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
        BigInteger => true,
        string s => s.Length > 0,
        JinjaList list => list.Items.Count > 0,
        JinjaDict dict => dict.Count > 0,
        _ => true,
    };

    public static bool IsNumber(object? value) => IsInteger(value) || value is double;

    public static bool IsInteger(object? value) => value is long or bool or BigInteger;

    public static double ToDouble(object? value) => value switch
    {
        long n => n,
        double d => d,
        BigInteger n => (double)n,
        bool b => b ? 1 : 0,
        Undefined u => throw u.Error(),
        _ => throw new JinjaException($"a number is needed, not '{TypeName(value)}'"),
    };

    /// <summary>Items of something that can be iterated.</summary>
    public static IReadOnlyList<object?> Iterate(object? value, Budget budget)
    {
        budget.Step(value is JinjaList or JinjaDict or string ? 1 + RawLength(value) : 1);
        return value switch
        {
            JinjaList list => list.Items,
            JinjaDict dict => [.. dict.Keys],
            string text => PythonString.Characters(text),
            Undefined => [],
            _ => throw new JinjaException($"'{TypeName(value)}' object is not iterable"),
        };
    }

    private static int RawLength(object value) => value switch
    {
        JinjaList list => list.Items.Count,
        JinjaDict dict => dict.Count,
        _ => ((string)value).Length,
    };

    public static long Length(object? value) => value switch
    {
        string text => PythonString.Length(text),
        JinjaList list => list.Items.Count,
        JinjaDict dict => dict.Count,
        Undefined => 0,
        _ => throw new JinjaException($"object of type '{TypeName(value)}' has no len()"),
    };

    public static bool Equals(object? a, object? b, Budget budget)
    {
        Budget.EnsureStack();
        budget.Step();
        switch (a, b)
        {
            case (null, null) or (Undefined, Undefined): return true;
            case (string x, string y):
                if (x.Length == y.Length) budget.Characters(x.Length);
                return x == y;
            case (long x, long y): return x == y;
            case (JinjaList x, JinjaList y):
                if (x.IsTuple != y.IsTuple || x.Items.Count != y.Items.Count) return false;
                budget.Step(StepsPerContainer);
                for (int i = 0; i < x.Items.Count; i++)
                {
                    if (!Equals(x.Items[i], y.Items[i], budget)) return false;
                }
                return true;
            case (JinjaDict x, JinjaDict y):
                budget.Step(StepsPerContainer);
                return x.Count == y.Count
                    && x.Entries.All(e => y.TryGet(e.Key, out object? other, budget) && Equals(e.Value, other, budget));
        }
        if (IsInteger(a) && IsInteger(b)) return PythonInteger.Wide(a) == PythonInteger.Wide(b);
        return IsNumber(a) && IsNumber(b) ? ToDouble(a) == ToDouble(b) : ReferenceEquals(a, b);
    }

    /// <summary>Order of two values: negative, zero or positive.</summary>
    public static int Compare(object? a, object? b, Budget budget)
    {
        Budget.EnsureStack();
        budget.Step();
        switch (a, b)
        {
            case (long x, long y): return x.CompareTo(y);
            case (string x, string y):
                budget.Characters(Math.Min(x.Length, y.Length));
                return string.CompareOrdinal(x, y);
            case (JinjaList x, JinjaList y) when x.IsTuple == y.IsTuple:
                for (int i = 0; i < Math.Min(x.Items.Count, y.Items.Count); i++)
                {
                    if (!Equals(x.Items[i], y.Items[i], budget)) return Compare(x.Items[i], y.Items[i], budget);
                }
                return x.Items.Count.CompareTo(y.Items.Count);
        }
        if (IsInteger(a) && IsInteger(b)) return PythonInteger.Wide(a).CompareTo(PythonInteger.Wide(b));
        if (IsNumber(a) && IsNumber(b)) return ToDouble(a).CompareTo(ToDouble(b));
        if ((a as Undefined ?? b as Undefined) is { } missing) throw missing.Error();
        throw new JinjaException($"'{TypeName(a)}' and '{TypeName(b)}' cannot be ordered");
    }

    public static bool Contains(object? container, object? item, Budget budget)
    {
        switch (container)
        {
            case string text:
                string part = item as string
                    ?? throw new JinjaException($"'in <string>' requires string as left operand, not {TypeName(item)}");
                budget.Search(text.Length, part.Length);
                return text.Contains(part, StringComparison.Ordinal);
            case JinjaDict dict: return dict.TryGet(item, out _, budget);
            case JinjaNamespace space: return item is string name && space.Attributes.ContainsKey(name);
            default: return Iterate(container, budget).Any(x => Equals(x, item, budget));
        }
    }

    public static string FloatText(double value)
    {
        if (double.IsNaN(value)) return "nan";
        if (double.IsInfinity(value)) return value > 0 ? "inf" : "-inf";
        double size = Math.Abs(value);
        if (size != 0 && (size < 1e-4 || size >= 1e16))
        {
            string text = value.ToString("R", CultureInfo.InvariantCulture).ToLowerInvariant();
            return text.Contains('e') ? FixExponent(text)
                : FixExponent(value.ToString("0.################e+00", CultureInfo.InvariantCulture));
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
