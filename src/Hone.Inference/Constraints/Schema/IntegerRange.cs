using System.Numerics;

namespace Hone.Inference.Constraints;

/// <summary>The whole numbers of a range as digits: a choice of beginnings, each with a number of free digits behind it.</summary>
internal static class IntegerRange
{
    private static readonly BigInteger s_most = BigInteger.Pow(10, 16) - 1;
    private static readonly Part s_digit = Parts.Chars(CharSet.Digits);

    /// <param name="least">Null for none; then the range begins at minus 10^16 + 1.</param>
    /// <param name="most">Null for none; then the range ends at 10^16 - 1.</param>
    public static Part Of(BigInteger? least, BigInteger? most)
    {
        (BigInteger low, BigInteger high) = (least ?? -s_most, most ?? s_most);
        List<Part> ways = [];
        if (low < 0 && low <= high) ways.Add(Parts.Sequence(Parts.Text("-"), NotNegative(BigInteger.Max(1, -high), -low)));
        if (high >= 0 && low <= high) ways.Add(NotNegative(BigInteger.Max(0, low), high));
        return ways.Count == 0 ? Parts.Never : Parts.Choice(ways);
    }

    private static Part NotNegative(BigInteger low, BigInteger high)
    {
        List<Part> ways = [];
        for (BigInteger from = low; from <= high;)
        {
            BigInteger end = BigInteger.Min(high, BigInteger.Pow(10, from.ToString().Length) - 1);
            ways.Add(SameLength(from.ToString(), end.ToString()));
            from = end + 1;
        }
        return ways.Count == 0 ? Parts.Never : Parts.Choice(ways);
    }

    private static Part SameLength(string low, string high)
    {
        if (low.All(c => c == '0') && high.All(c => c == '9')) return Parts.Repeat(s_digit, low.Length, low.Length);
        if (low[0] == high[0]) return Parts.Sequence(Parts.Text(low[..1]), SameLength(low[1..], high[1..]));
        (string tail, string zeros, string nines) = (low[1..], new string('0', low.Length - 1), new string('9', low.Length - 1));
        List<Part> ways = [Parts.Sequence(Parts.Text(low[..1]), SameLength(tail, nines))];
        if (low[0] + 1 < high[0])
            ways.Add(Parts.Sequence(Parts.Chars(new CharSet((low[0] + 1, high[0] - 1))), SameLength(zeros, nines)));
        ways.Add(Parts.Sequence(Parts.Text(high[..1]), SameLength(zeros, high[1..])));
        return Parts.Choice(ways);
    }
}
