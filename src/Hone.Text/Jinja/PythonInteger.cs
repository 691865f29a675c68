using System.Globalization;
using System.Numerics;

namespace Hone.Text.Jinja;

/// <summary>
/// Python's int, which has no bounds: a long where it fits, else a BigInteger. More digits than Python itself prints (4,300) are
/// refused.
/// </summary>
internal static class PythonInteger
{
    private const int MaxDigits = 4300;
    private static readonly BigInteger s_bound = BigInteger.Pow(10, MaxDigits);

    public static object Of(BigInteger value)
    {
        if (BigInteger.Abs(value) >= s_bound) throw TooLarge();
        return value >= long.MinValue && value <= long.MaxValue ? (object)(long)value : value;
    }

    /// <summary>Decimal digits with an optional sign; null for another text.</summary>
    public static object? Parse(ReadOnlySpan<char> digits)
    {
        if (long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long small)) return small;
        if (digits.TrimStart("+-").ContainsAnyExceptInRange('0', '9')) return null;
        if (digits.Length > MaxDigits + 1) throw TooLarge();
        return BigInteger.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out BigInteger large) ? Of(large)
            : null;
    }

    public static BigInteger Wide(object? value) => value switch
    {
        long n => n,
        bool b => b ? 1 : 0,
        BigInteger n => n,
        _ => throw new JinjaException($"an integer is needed, not '{PythonValue.TypeName(value)}'"),
    };

    /// <summary>The operators of whole numbers but the division that gives a fraction.</summary>
    public static object Apply(string op, BigInteger a, BigInteger b, Budget budget)
    {
        budget.Step(Cost(Words(a), Words(b)));
        switch (op)
        {
            case "+": return Of(a + b);
            case "-": return Of(a - b);
            case "*": return Of(a * b);
            case "**": return Power(a, b, budget);
        }
        if (b.IsZero) throw new JinjaException("integer division or modulo by zero");
        // Python rounds down, and the rest has the sign of the divisor.
        BigInteger quotient = BigInteger.DivRem(a, b, out BigInteger rest);
        bool down = !rest.IsZero && rest.Sign != b.Sign;
        return Of(op == "//" ? (down ? quotient - 1 : quotient) : down ? rest + b : rest);
    }

    private static object Power(BigInteger a, BigInteger b, Budget budget)
    {
        if (b.Sign < 0) return Math.Pow((double)a, (double)b);
        if (a.IsZero || a.IsOne) return b.IsZero ? 1L : (long)a;
        if (a == BigInteger.MinusOne) return b.IsEven ? 1L : -1L;
        if (b > MaxDigits * 4 || b * a.GetBitLength() > MaxDigits * 8) throw TooLarge();
        long words = (long)b * Words(a);
        budget.Step(Cost(words, words));
        return Of(BigInteger.Pow(a, (int)b));
    }

    /// <summary>Decimal digits, paid for.</summary>
    public static string Text(object? value, Budget budget)
    {
        BigInteger wide = Wide(value);
        budget.Step(Cost(Words(wide), Words(wide)));
        return wide.ToString(CultureInfo.InvariantCulture);
    }

    private static long Words(BigInteger value) => (value.GetBitLength() / 32) + 1;

    // All of them read their numbers; multiplying, dividing and printing grow with the product of the lengths.
    private static long Cost(long left, long right) => ((left + right) / 16) + (left * right / 32);

    private static JinjaException TooLarge() => new($"the integer is too large: it has more than {MaxDigits} digits");
}
