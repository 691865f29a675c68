namespace Hone.Evaluation;

/// <summary>An item with what the model gave and what it is worth. Without a grade, some request got no usable reply.</summary>
public sealed record ItemRun(EvalItem Item, ItemReplies? Replies, ItemGrade? Grade, string? Error);

/// <summary>A task that was asked and graded.</summary>
/// <param name="Items">In the order of the task; those without a grade are excluded from every figure and counted.</param>
/// <param name="Asked">Requests sent to the model by this run.</param>
/// <param name="Stored">Requests whose replies were there already.</param>
public sealed record TaskRun(EvalTask Task, IReadOnlyList<ItemRun> Items, int Asked, int Stored)
{
    public IEnumerable<ItemRun> Graded => Items.Where(i => i.Grade is not null);

    public int Excluded => Items.Count(i => i.Error is not null);

    /// <summary>A metric's value for every graded item that has it, in order.</summary>
    public double[] Values(string metric) =>
        [.. Graded.Where(i => i.Grade!.Metrics.ContainsKey(metric)).Select(i => i.Grade!.Metrics[metric])];

    /// <summary>How many verdicts each of <see cref="Values"/> is the mean of; null where the figure is the mean over items.</summary>
    internal int[]? Units(string metric) => Graded.Any(i => i.Grade!.Units.ContainsKey(metric))
        ? [.. Graded.Where(i => i.Grade!.Metrics.ContainsKey(metric)).Select(i => i.Grade!.Units.GetValueOrDefault(metric, 1))]
        : null;
}
