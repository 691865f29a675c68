using Hone.Data;
using System.Globalization;
using System.Text.Json;

namespace Hone.Evaluation;

/// <summary>Which items of each task are asked: the first of them (<c>--limit</c>), or named ones (<c>--samples</c>).</summary>
internal sealed record ItemSelection
{
    private double? Limit { get; init; }

    private IReadOnlyDictionary<string, int[]>? Samples { get; init; }

    /// <summary>Every item.</summary>
    public static ItemSelection All { get; } = new();

    /// <param name="limit">
    /// A number of items (1 or above), or a share of them (below 1); null for all. As lm-evaluation-harness's
    /// <c>--limit</c>.
    /// </param>
    /// <param name="samples">JSON, or a file of it: positions by task, such as <c>{"gsm8k": [0, 5]}</c>; null for all.</param>
    /// <exception cref="InputException">One is out of range or not readable, or both are given.</exception>
    public static ItemSelection Of(string? limit, string? samples)
    {
        if (limit is not null && samples is not null) throw new InputException("--limit and --samples exclude each other");
        if (limit is not null)
        {
            if (!double.TryParse(limit, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) || !(value > 0)
                || (value >= 1 && value != Math.Floor(value)))
                throw new InputException($"--limit is {limit}, it must be a whole number from 1, or a share between 0 and 1");
            return new ItemSelection { Limit = value };
        }
        if (samples is null) return All;
        string text = File.Exists(samples) ? SmallText.Read(samples) : samples;
        try
        {
            return new ItemSelection
            {
                Samples = JsonSerializer.Deserialize<Dictionary<string, int[]>>(text) ?? throw new JsonException("null"),
            };
        }
        catch (JsonException e)
        {
            throw new InputException("--samples is neither a file nor JSON such as {\"gsm8k\": [0, 5]}",
                File.Exists(samples) ? samples : null, inner: e);
        }
    }

    /// <summary>The task with the chosen items only.</summary>
    /// <exception cref="InputException">A position lies outside of the task.</exception>
    public EvalTask Apply(EvalTask task)
    {
        if (Limit is { } limit)
        {
            int count = limit < 1 ? (int)Math.Ceiling(task.Items.Count * limit) : (int)Math.Min(limit, task.Items.Count);
            return task with { Items = [.. task.Items.Take(count)] };
        }
        if (Samples is null) return task;
        int[] chosen = Samples.GetValueOrDefault(task.Name) ?? [];
        foreach (int at in chosen)
            if (at < 0 || at >= task.Items.Count) throw new InputException($"--samples: {task.Name} has no item {at}",
                fix: $"Items are counted from 0 to {task.Items.Count - 1}.");
        return task with { Items = [.. chosen.Select(at => task.Items[at])] };
    }
}
