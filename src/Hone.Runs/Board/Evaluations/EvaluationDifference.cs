using Hone.Evaluation;

namespace Hone.Runs;

/// <summary>How far one evaluation is from another in a figure of a task.</summary>
/// <param name="Value">The second minus the first, with its 95% interval.</param>
/// <param name="P">Chance to see such a difference between equals; null where it was made of the two standard errors.</param>
internal sealed record EvaluationDifference(Interval Value, double? P)
{
    /// <summary>
    /// Item by item, as <c>hone compare</c> has it, where both have logged their items; else from the standard errors, as if the items
    /// were others, which is on the wide side. Null where neither is there.
    /// </summary>
    public static EvaluationDifference? Of(
        BoardEvaluation first, BoardEvaluation second, string task, string figure, RunFiles files)
    {
        if (first.Task(task)?.Figures.FirstOrDefault(f => f.Name == figure) is not { } a
            || second.Task(task)?.Figures.FirstOrDefault(f => f.Name == figure) is not { } b) return null;
        try
        {
            (string Task, string Log)[] ofFirst = LogsOf(first, task), ofSecond = LogsOf(second, task);
            if (ofFirst.Length > 0 && ofFirst.Select(l => l.Task).SequenceEqual(ofSecond.Select(l => l.Task))
                && files.Compared(ofFirst, ofSecond, figure) is { } paired && paired.OnlyFirst + paired.OnlySecond == 0
                && Same(paired.First, a.Value.Value) && Same(paired.Second, b.Value.Value))
                return new EvaluationDifference(paired.Difference, paired.P);
        }
        catch (Exception e) when (e is InputException or IOException or UnauthorizedAccessException)
        {
            // A damaged log, or none of this figure: the figures themselves are there.
        }
        if (a.StandardError is not { } errorA || b.StandardError is not { } errorB) return null;
        double half = Proportion.Z * Math.Sqrt((errorA * errorA) + (errorB * errorB)), between = b.Value.Value - a.Value.Value;
        return new EvaluationDifference(new Interval(between, between - half, between + half) { IsUndefined = half == 0 }, null);
    }

    // A log that tells another mean than the results is not what they were made from.
    private static bool Same(double logged, double figure) => Math.Abs(logged - figure) < 1e-6;

    /// <summary>The log of a task, or of all that a group sums up; none where one of them has none.</summary>
    private static (string Task, string Log)[] LogsOf(BoardEvaluation evaluation, string task)
    {
        SortedDictionary<string, string?> logs = new(StringComparer.Ordinal);
        Add(task);
        return logs.ContainsValue(null) ? [] : [.. logs.Select(l => (l.Key, l.Value!))];

        void Add(string name)
        {
            if (logs.ContainsKey(name)) return;
            if (evaluation.Task(name) is { Parts.Count: > 0 } group) foreach (string part in group.Parts) Add(part);
            else logs[name] = evaluation.Task(name)?.Samples;
        }
    }
}
