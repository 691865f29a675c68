using System.Globalization;
using System.Text.RegularExpressions;

namespace Hone.Evaluation;

/// <summary>A grade from 1 to 10, as MT-Bench's judge gives it.</summary>
internal static partial class GradeVerdict
{
    /// <summary>Bounds of a grade; the judge's prompt names them.</summary>
    public const double Least = 1, Most = 10;

    /// <summary>Upstream takes the first <c>[[n]]</c>, else the first <c>[n]</c> (FastChat, <c>common.py</c>).</summary>
    public static Verdict<double> Read(string judgment)
    {
        Match first = Double().Match(judgment);
        bool single = !first.Success;
        if (single) first = Single().Match(judgment);
        double? upstream = first.Success ? Grade(first) : null;

        string spoken = Reasoning.Without(judgment);
        Match? last = Rating().Matches(spoken).LastOrDefault();
        double? own = last is null ? null : Grade(last);
        return VerdictFlags.Judge(upstream, own,
            ((first.Success && upstream is null) || (last is not null && own is null), VerdictFlags.OutOfRange),
            (Double().Matches(judgment).Select(m => m.Groups[1].Value).Distinct().Count() > 1, VerdictFlags.Several),
            (upstream is not null && !spoken.Contains(first.Value, StringComparison.Ordinal), VerdictFlags.InReasoning),
            (upstream is not null && single, VerdictFlags.SingleBrackets));
    }

    public static bool IsGrade(double value) => value is >= Least and <= Most;

    // Digits of other scripts are digits to a pattern and no number to Python's reader; 400 of them are infinite.
    private static double? Grade(Match match)
    {
        string digits = match.Groups[1].Success ? match.Groups[1].Value : match.Groups[2].Value;
        return digits.All(c => c is '.' or (>= '0' and <= '9'))
            && double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value) && IsGrade(value)
                ? value : null;
    }

    [GeneratedRegex(@"\[\[(\d+\.?\d*)\]\]")]
    private static partial Regex Double();

    [GeneratedRegex(@"\[(\d+\.?\d*)\]")]
    private static partial Regex Single();

    // A grade is called so, or stands in double brackets; a[0] and a citation [1] are none.
    [GeneratedRegex(@"\[\[\s*(\d+(?:\.\d+)?)\s*\]\]|\b(?:rating|score|grade)\b[\s:*_=]{1,6}\[?(\d+(?:\.\d+)?)\]?(?!\d)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Rating();
}
