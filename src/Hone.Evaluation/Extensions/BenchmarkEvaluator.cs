using Microsoft.Extensions.AI;
using Microsoft.Extensions.AI.Evaluation;

namespace Hone.Evaluation;

/// <summary>
/// A benchmark as an evaluator of Microsoft.Extensions.AI.Evaluation: its rows are asked of any <see cref="IChatClient"/>, and each
/// response is graded by the benchmark's own rule. The figure of the benchmark is the mean of a metric over all items.
/// </summary>
/// <remarks>
/// A response is text, so only benchmarks that ask for one answer can be such an evaluator; multiple choice by log-likelihood cannot.
/// A client that is not told the item's stop strings answers on: what comes after the first of them is cut off before grading.
/// </remarks>
public sealed class BenchmarkEvaluator : IEvaluator
{
    private readonly EvalTask _task;

    /// <exception cref="InputException">The task scores likelihoods, or asks for several answers to a question.</exception>
    public BenchmarkEvaluator(EvalTask task)
    {
        if (task.Items.FirstOrDefault(i => i.Scores.Count > 0 || i.Generations.Count != 1) is not null)
            throw new InputException($"{task.Name} is not answered with one text, so a chat response cannot be graded by it",
                fix: "Run it with TaskRunner or hone eval.");
        _task = task;
        Items = [.. task.Items.Select(i => new BenchmarkItem(task.Name, i))];
    }

    /// <summary>The questions: ask each item's messages, and give the item as context to the evaluation.</summary>
    public IReadOnlyList<BenchmarkItem> Items { get; }

    /// <inheritdoc/>
    public IReadOnlyCollection<string> EvaluationMetricNames => [.. _task.Metrics];

    /// <inheritdoc/>
    /// <param name="additionalContext">One <see cref="BenchmarkItem"/> of <see cref="Items"/>: the question that was asked.</param>
    /// <exception cref="ArgumentException">The context names no item of this benchmark.</exception>
    public async ValueTask<EvaluationResult> EvaluateAsync(
        IEnumerable<ChatMessage> messages, ChatResponse modelResponse, ChatConfiguration? chatConfiguration = null,
        IEnumerable<EvaluationContext>? additionalContext = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(modelResponse);
        BenchmarkItem item = additionalContext?.OfType<BenchmarkItem>().FirstOrDefault(Items.Contains)
            ?? throw new ArgumentException($"The context must name the question: give one of this evaluator's {nameof(Items)}.",
                nameof(additionalContext));
        var answer = new Answer(Cut(modelResponse.Text, item.StopStrings));
        IReadOnlyList<ItemGrade> grades = await _task.Grade([(item.Item, new ItemReplies([], [answer]))], cancellationToken)
            .ConfigureAwait(false);
        return new EvaluationResult([.. grades[0].Metrics.Select(m => Metric(m.Key, m.Value, grades[0]))]);
    }

    private static NumericMetric Metric(string name, double value, ItemGrade grade)
    {
        string? taken = grade.Extracted.GetValueOrDefault(name[(name.IndexOf(',', StringComparison.Ordinal) + 1)..]);
        var metric = new NumericMetric(name, value, taken is null ? null : $"taken from the answer: {taken}");
        if (grade.Flags.Count > 0) metric.AddDiagnostics([.. grade.Flags.Select(EvaluationDiagnostic.Warning)]);
        return metric;
    }

    private static string Cut(string text, IReadOnlyList<string> stops)
    {
        int end = stops.Select(s => text.IndexOf(s, StringComparison.Ordinal)).Where(at => at >= 0).DefaultIfEmpty(text.Length).Min();
        return text[..end];
    }
}

/// <summary>One question of a <see cref="BenchmarkEvaluator"/>.</summary>
public sealed class BenchmarkItem : EvaluationContext
{
    internal BenchmarkItem(string task, EvalItem item) : base($"{task} {item.Id}", item.Target)
    {
        Item = item;
        ModelPrompt prompt = item.Generations[0].Prompt;
        Messages = prompt.Messages is { } turns
            ? [.. turns.Select(t => new ChatMessage(new ChatRole(t.Role), t.Content))]
            : [new ChatMessage(ChatRole.User, prompt.Text)];
    }

    /// <summary>The question as a conversation to be answered.</summary>
    public IReadOnlyList<ChatMessage> Messages { get; }

    /// <summary>Longest answer, in tokens.</summary>
    public int MaxNewTokens => Item.Generations[0].Options.MaxNewTokens;

    /// <summary>The answer ends before the first of these.</summary>
    public IReadOnlyList<string> StopStrings => Item.Generations[0].Options.StopStrings;

    internal EvalItem Item { get; }
}
