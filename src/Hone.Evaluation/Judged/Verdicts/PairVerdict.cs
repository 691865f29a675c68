using System.Text.RegularExpressions;

namespace Hone.Evaluation;

/// <summary>Which of two answers is better, A, B or C for a tie, as MT-Bench's judge says it in pairwise mode.</summary>
internal static partial class PairVerdict
{
    /// <summary>Upstream looks for [[A]], then [[B]], then [[C]], wherever they stand (FastChat, <c>common.py</c>).</summary>
    public static Verdict<char> Read(string judgment)
    {
        char? upstream = null;
        foreach (char label in "ABC")
            if (upstream is null && judgment.Contains($"[[{label}]]", StringComparison.Ordinal)) upstream = label;
        string spoken = Reasoning.Without(judgment);
        char? own = Label().Matches(spoken).LastOrDefault()?.Groups[1].Value[0];
        return VerdictFlags.Judge(upstream, own,
            (Label().Matches(judgment).Select(m => m.Value).Distinct().Count() > 1, VerdictFlags.Several),
            (upstream is { } u && !spoken.Contains($"[[{u}]]", StringComparison.Ordinal), VerdictFlags.InReasoning));
    }

    [GeneratedRegex(@"\[\[([ABC])\]\]")]
    private static partial Regex Label();
}
