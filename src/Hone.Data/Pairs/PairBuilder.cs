namespace Hone.Data;

/// <summary>
/// Makes one preference pair per prompt from scored samples (online RLHF, Algorithm 2; arXiv 2405.07863). The penalised
/// reward decides everything: which answers, their order, and ties. Equal rewards take the first index.
/// </summary>
public static class PairBuilder
{
    /// <summary>Pairs of all rows, in the order of the rows; dropped rows are counted in the report.</summary>
    /// <exception cref="InputException">
    /// A row has no rewards, a reward that is not a number, or lacks what the options need; or no row gives a pair.
    /// </exception>
    public static IReadOnlyList<PairRow> Build(IReadOnlyList<SampleRow> rows, PairOptions options, DataReport report)
    {
        List<PairRow> pairs = [];
        for (int i = 0; i < rows.Count; i++)
        {
            if (Build(rows[i], options, report, $"{report.Source}, row {i + 1}") is { } pair) pairs.Add(pair);
        }
        report.RequireKept();
        return pairs;
    }

    /// <summary>The pair of one row, or null where it gives none; counted in the report either way.</summary>
    public static PairRow? Build(SampleRow row, PairOptions options, DataReport report, string where)
    {
        double[] rewards = PenalisedRewards(row, options, where);
        List<int> candidates = Candidates(row, options, where);
        if (candidates.Count < row.Count) report.Change(DropReason.UnfinishedExcluded, row.Count - candidates.Count);
        if (candidates.Count < 2) return Dropped(report, DropReason.TooFewAnswers);

        (int chosen, int rejected) = Choose(candidates, rewards, options.Rule);
        if (rewards[chosen] == rewards[rejected]) return Dropped(report, DropReason.Tie);
        if (SameAnswer(row, chosen, rejected)) return Dropped(report, DropReason.IdenticalAnswers);

        report.Keep();
        return new PairRow(
            row.Prompt, row.Responses[chosen], row.Responses[rejected],
            row.PromptIds, row.ResponseIds?[chosen], row.ResponseIds?[rejected],
            row.Rewards![chosen], row.Rewards[rejected], rewards[chosen] - rewards[rejected]);
    }

    /// <summary>The index of a row's best answer; null where none may be considered.</summary>
    /// <exception cref="InputException">As <see cref="PenalisedRewards"/>.</exception>
    internal static int? Best(SampleRow row, PairOptions options, string where)
    {
        double[] rewards = PenalisedRewards(row, options, where);
        List<int> candidates = Candidates(row, options, where);
        return candidates.Count == 0 ? null : candidates.MaxBy(k => rewards[k]);
    }

    /// <summary>
    /// r(x, y) - lambda |y| for each answer [K] (paper eq. 9). Characters are Unicode code points, tokens are those
    /// that were sampled; neither counts padding.
    /// </summary>
    /// <exception cref="InputException">No rewards, not K of them, a reward that is not finite, or no <c>response_ids</c>.</exception>
    public static double[] PenalisedRewards(SampleRow row, PairOptions options, string where)
    {
        if (row.Rewards is null)
            throw new InputException("the row has no `rewards`", where, "Score the samples first: hone score.");
        if (row.Rewards.Length != row.Count)
            throw new InputException($"{row.Count} responses but {row.Rewards.Length} rewards", where);
        bool tokens = options.LengthUnit == LengthUnit.Tokens;
        if (options.LengthPenalty != 0 && tokens && row.ResponseIds?.Length != row.Count)
            throw new InputException("a length penalty per token needs `response_ids`, one list per response", where);

        double[] rewards = new double[row.Count];
        for (int k = 0; k < rewards.Length; k++)
        {
            if (!double.IsFinite(row.Rewards[k]))
                throw new InputException($"the reward of response {k + 1} is {row.Rewards[k]}", where, "Rewards must be finite numbers.");
            rewards[k] = row.Rewards[k];
            if (options.LengthPenalty != 0)
                rewards[k] -= options.LengthPenalty * (tokens ? row.ResponseIds![k].Length : CodePoints(row.Responses[k]));
        }
        return rewards;
    }

    private static List<int> Candidates(SampleRow row, PairOptions options, string where)
    {
        if (!options.ExcludeUnfinished) return [.. Enumerable.Range(0, row.Count)];
        if (row.FinishReasons?.Length != row.Count)
            throw new InputException("leaving out unfinished answers needs `finish_reasons`, one per response", where);
        return [.. Enumerable.Range(0, row.Count).Where(k => row.FinishReasons[k] != SampleRow.FinishedByLength)];
    }

    private static (int Chosen, int Rejected) Choose(List<int> candidates, double[] rewards, PairRule rule)
    {
        // MaxBy and MinBy keep the first of equals.
        int best = candidates.MaxBy(k => rewards[k]);
        IEnumerable<int> others = candidates.Where(k => k != best);
        int other = rule switch
        {
            PairRule.MaxMin => others.MinBy(k => rewards[k]),
            PairRule.MaxSecond => others.MaxBy(k => rewards[k]),
            PairRule.MaxRandom => others.First(),
            _ => throw new ArgumentOutOfRangeException(nameof(rule), rule, null),
        };
        return (best, other);
    }

    private static bool SameAnswer(SampleRow row, int a, int b) => row.ResponseIds is { } ids
        ? ids[a].AsSpan().SequenceEqual(ids[b])
        : row.Responses[a] == row.Responses[b];

    private static int CodePoints(string text)
    {
        int count = 0;
        foreach (System.Text.Rune _ in text.EnumerateRunes()) count++;
        return count;
    }

    private static PairRow? Dropped(DataReport report, string reason)
    {
        report.Drop(reason);
        return null;
    }
}
