using System.Text.RegularExpressions;

namespace Hone.Evaluation;

/// <summary>
/// How Arena-Hard's verdicts are read: as the code of the 2024 leaderboard does, which asks once more where there is none,
/// as today's, or as Hone itself does.
/// </summary>
internal enum ArenaVerdictRule
{
    Of2024,
    Today,
    Own,
}

/// <summary>A label such as A&gt;&gt;B in a judge's reply, and what it is worth. Each rule has a table of labels of its own.</summary>
internal static partial class ArenaVerdict
{
    /// <summary>How often a decisive verdict (A&gt;&gt;B) counts.</summary>
    public const int DecisiveWeight = 3;

    // show_result.py of the leaderboard gives every other label the weight 0.
    private static readonly string[] s_labelsOf2024 = ["A=B", "A>B", "A>>B", "B>A", "B>>A"];

    /// <summary>The label that a rule finds, or null. It may be one that its table does not know.</summary>
    public static string? Label(string judgment, ArenaVerdictRule rule) => rule switch
    {
        ArenaVerdictRule.Of2024 => Of2024(judgment),
        ArenaVerdictRule.Today => Today(judgment),
        _ => Own(judgment),
    };

    /// <summary>The verdict of 2024: the one label in [[ ]]; null where there is none, or several different ones.</summary>
    public static string? Of2024(string judgment)
    {
        string[] labels = [.. DoubleBrackets().Matches(judgment).Select(m => m.Groups[1].Value).Distinct()];
        return labels.Length == 1 ? labels[0] : null;
    }

    /// <summary>Today's verdict: the last label in [[ ]], else in [ ], in upper case.</summary>
    public static string? Today(string judgment)
    {
        string upper = judgment.ToUpperInvariant();
        return DoubleBrackets().Matches(upper).LastOrDefault()?.Groups[1].Value
            ?? SingleBrackets().Matches(upper).LastOrDefault()?.Groups[1].Value;
    }

    /// <summary>Hone's: the last label in [[ ]] that is one, outside of reasoning.</summary>
    public static string? Own(string judgment) => DoubleBrackets().Matches(Reasoning.Without(judgment).ToUpperInvariant())
        .Select(m => m.Groups[1].Value).LastOrDefault(label => Worth(label, ArenaVerdictRule.Own) is not null);

    /// <summary>Whether a judgment names any verdict, one or several.</summary>
    public static bool HasLabel(string judgment) => DoubleBrackets().IsMatch(judgment);

    /// <summary>What a label is worth to A, and how often it counts; null for one that the rule does not know.</summary>
    public static (double Share, int Times)? Worth(string? label, ArenaVerdictRule rule) => label switch
    {
        not null when rule == ArenaVerdictRule.Of2024 && !s_labelsOf2024.Contains(label) => null,
        "A>>B" or "B<<A" => (1, DecisiveWeight),
        "A>B" or "B<A" => (1, 1),
        "A=B" or "B=A" => (0.5, 1),
        "B>A" or "A<B" => (0, 1),
        "B>>A" or "A<<B" => (0, DecisiveWeight),
        _ => null,
    };

    /// <summary>What is doubtful about a reply's verdict by a rule.</summary>
    public static IReadOnlyList<string> Flags(string judgment, ArenaVerdictRule rule)
    {
        string? label = Label(judgment, rule), own = Own(judgment);
        string spoken = Reasoning.Without(judgment);
        (bool Holds, string Flag)[] flags =
        [
            (label is not null && Worth(label, rule) is null, VerdictFlags.OutOfRange),
            (DoubleBrackets().Matches(judgment).Select(m => m.Value).Distinct().Count() > 1, VerdictFlags.Several),
            (label is not null && !spoken.ToUpperInvariant().Contains($"[{label}]", StringComparison.Ordinal), VerdictFlags.InReasoning),
            (label is not null && !DoubleBrackets().IsMatch(judgment.ToUpperInvariant()), VerdictFlags.SingleBrackets),
            (Worth(label, rule) != Worth(own, ArenaVerdictRule.Own), VerdictFlags.Differs),
        ];
        return [.. flags.Where(f => f.Holds).Select(f => f.Flag)];
    }

    [GeneratedRegex(@"\[\[([AB<>=]+)\]\]")]
    private static partial Regex DoubleBrackets();

    [GeneratedRegex(@"\[([AB<>=]+)\]")]
    private static partial Regex SingleBrackets();
}
