using System.Text.Json.Nodes;

namespace Hone.Evaluation;

/// <summary>One question of a benchmark as the model gets it: continuations to score, or prompts to answer.</summary>
public sealed record EvalItem
{
    /// <summary>Names the item within its task, such as <c>17</c> or <c>HumanEval/3</c>.</summary>
    public required string Id { get; init; }

    /// <summary>The row of the question file.</summary>
    public required JsonObject Doc { get; init; }

    /// <summary>The right answer, as the sample log shows it.</summary>
    public required string Target { get; init; }

    /// <summary>Continuations to score, in the order of the choices. Empty for a generation task.</summary>
    public IReadOnlyList<ScoreRequest> Scores { get; init; } = [];

    /// <summary>Prompts to answer, one per sample. Empty for a likelihood task.</summary>
    public IReadOnlyList<GenerateRequest> Generations { get; init; } = [];
}

/// <summary>What the model gave to an item: one entry per request, in their order.</summary>
public sealed record ItemReplies(IReadOnlyList<Likelihood> Likelihoods, IReadOnlyList<Answer> Answers);

/// <summary>What an item's replies are worth.</summary>
/// <param name="Metrics">Value by metric and filter, such as <c>acc,none</c> or <c>exact_match,strict-match</c>.</param>
public sealed record ItemGrade(IReadOnlyDictionary<string, double> Metrics)
{
    /// <summary>
    /// By metric: of how many verdicts the value is the mean, where the task's figure is the mean over verdicts and not over items,
    /// as for the instructions of a prompt. Such a figure has no standard error.
    /// </summary>
    public IReadOnlyDictionary<string, int> Units { get; init; } = new Dictionary<string, int>();

    /// <summary>What was taken from the answers, by filter; for the sample log.</summary>
    public IReadOnlyDictionary<string, string> Extracted { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// What a reader should know of this item, such as <c>empty_answer</c>, <c>not_parsed</c>, <c>timed_out</c>;
    /// counted per task.
    /// </summary>
    public IReadOnlyList<string> Flags { get; init; } = [];
}

/// <summary>Items with their replies, to grades in the same order. A list, because code is graded side by side.</summary>
public delegate Task<IReadOnlyList<ItemGrade>> GradeItems(
    IReadOnlyList<(EvalItem Item, ItemReplies Replies)> items, CancellationToken cancel);

/// <summary>
/// A benchmark with its settings fixed: every prompt it will ask, and how replies are graded. A task's metrics are the
/// means of its items' values, with the standard error of a mean (sample standard deviation / sqrt(n)). A benchmark of one's own is
/// such a record, made in any way and given to <see cref="TaskRunner"/>.
/// </summary>
public sealed record EvalTask
{
    /// <summary>The harness's name, such as <c>mmlu_anatomy</c> or <c>gsm8k</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The harness's version of the task.</summary>
    public required string Version { get; init; }

    /// <summary>The group whose size-weighted mean this task belongs to, such as <c>mmlu_stem</c>; null for a task of its own.</summary>
    public string? Group { get; init; }

    public required int NumFewshot { get; init; }

    /// <summary>Every setting that moves the numbers, printed beside them.</summary>
    public required IReadOnlyDictionary<string, string> Settings { get; init; }

    /// <summary>Digests of the question files, by name.</summary>
    public IReadOnlyDictionary<string, string> Files { get; init; } = new Dictionary<string, string>();

    /// <summary>Metrics and filters in the order of the table, such as <c>acc,none</c>. All: higher is better.</summary>
    public required IReadOnlyList<string> Metrics { get; init; }

    public required IReadOnlyList<EvalItem> Items { get; init; }

    public required GradeItems Grade { get; init; }
}
