using System.Text.Json.Nodes;

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

    /// <summary>A question whose choices are scored after one prompt.</summary>
    public static EvalItem Item(
        int index, JsonObject doc, int gold, IReadOnlyList<string> choices, ModelPrompt prompt, TaskOptions options) => new()
        {
            Id = $"{index}",
            Doc = doc,
            Target = $"{gold}",
            Scores = [.. choices.Select(choice => new ScoreRequest(prompt, options.Continuation(choice)))],
        };

    /// <summary>acc and acc_norm.</summary>
    public static ItemGrade Grade(ItemReplies replies, IReadOnlyList<string> texts, int gold) => new(new Dictionary<string, double>
    {
        ["acc,none"] = Accuracy(replies.Likelihoods, gold),
        ["acc_norm,none"] = NormalizedAccuracy(replies.Likelihoods, texts, gold),
    });

    /// <summary>A grader that looks at one item at a time.</summary>
    public static GradeItems Each(Func<EvalItem, ItemReplies, ItemGrade> grade) =>
        (items, _) => Task.FromResult<IReadOnlyList<ItemGrade>>([.. items.Select(i => grade(i.Item, i.Replies))]);
}
