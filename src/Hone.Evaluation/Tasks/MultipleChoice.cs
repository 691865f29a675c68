namespace Hone.Evaluation;

/// <summary>Metrics over the likelihoods of an item's choices; the first of equals wins, as numpy's argmax has it.</summary>
internal static class MultipleChoice
{
    /// <summary>acc: the likeliest choice is the right one.</summary>
    public static double Accuracy(IReadOnlyList<Likelihood> choices, int gold) => ArgMax([.. choices.Select(c => c.LogProb)]) == gold
        ? 1 : 0;

    /// <summary>acc_norm: the same, each log-likelihood divided by the choice's length in code points.</summary>
    public static double NormalizedAccuracy(IReadOnlyList<Likelihood> choices, IReadOnlyList<string> texts, int gold) =>
        ArgMax([.. choices.Select((c, i) => c.LogProb / Math.Max(1, texts[i].EnumerateRunes().Count()))]) == gold ? 1 : 0;

    public static int ArgMax(double[] values)
    {
        int best = 0;
        for (int i = 1; i < values.Length; i++)
            if (values[i] > values[best]) best = i;
        return best;
    }

    /// <summary>A grader that looks at one item at a time.</summary>
    public static GradeItems Each(Func<EvalItem, ItemReplies, ItemGrade> grade) =>
        (items, _) => Task.FromResult<IReadOnlyList<ItemGrade>>([.. items.Select(i => grade(i.Item, i.Replies))]);
}
