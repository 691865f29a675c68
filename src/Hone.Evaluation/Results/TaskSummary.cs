namespace Hone.Evaluation;

/// <summary>A metric of a task or group over its items.</summary>
/// <param name="StandardError">Of the mean; null where it is not defined (fewer than two items).</param>
public sealed record MetricSummary(string Metric, string Filter, double Value, double? StandardError, int Items);

/// <summary>What a task, or a group of tasks, came to.</summary>
public sealed record TaskSummary(
    string Name, string Version, string? Group, int NumFewshot, IReadOnlyList<MetricSummary> Metrics, int Items, int Excluded)
{
    /// <summary>How many items carry each flag.</summary>
    public IReadOnlyDictionary<string, int> Flags { get; init; } = new Dictionary<string, int>();

    /// <summary>Mean of each metric over the graded items.</summary>
    public static TaskSummary Of(TaskRun run) => new(
        run.Task.Name, run.Task.Version, run.Task.Group, run.Task.NumFewshot,
        [.. run.Task.Metrics.Select(m => Mean(m, run.Values(m), run.Units(m)))], run.Items.Count, run.Excluded)
    {
        Flags = run.Graded.SelectMany(i => i.Grade!.Flags.Distinct()).GroupBy(f => f).OrderBy(g => g.Key, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Count()),
    };

    /// <summary>
    /// The size-weighted mean of a group's tasks, for the metrics that all of them have; the standard error is pooled:
    /// sqrt(sum (n_i - 1) se_i^2 n_i / (N - k) / N), as lm-evaluation-harness does for weighted groups.
    /// </summary>
    public static TaskSummary OfGroup(string name, string version, IReadOnlyList<TaskSummary> members)
    {
        var metrics = new List<MetricSummary>();
        foreach (MetricSummary metric in members[0].Metrics)
        {
            MetricSummary[] parts = [.. members.Select(m => m.Metrics.FirstOrDefault(x => (x.Metric, x.Filter) == (metric.Metric,
                metric.Filter))).OfType<MetricSummary>().Where(m => m.Items > 0)];
            if (parts.Length == 0) continue;
            int n = parts.Sum(p => p.Items), k = parts.Length;
            double? error = n > k && parts.All(p => p.StandardError is not null)
                ? Math.Sqrt(parts.Sum(p => (p.Items - 1) * p.StandardError!.Value * p.StandardError.Value * p.Items) / (n - k) / n)
                : null;
            metrics.Add(new MetricSummary(metric.Metric, metric.Filter, parts.Sum(p => p.Value * p.Items) / n, error, n));
        }
        return new TaskSummary(name, version, null, members[0].NumFewshot, metrics, members.Sum(m => m.Items), members.Sum(m => m.Excluded))
        {
            Flags = members.SelectMany(m => m.Flags).GroupBy(f => f.Key).ToDictionary(g => g.Key, g => g.Sum(f => f.Value)),
        };
    }

    /// <param name="units">Weights of the values where the figure is a mean over verdicts; else null.</param>
    private static MetricSummary Mean(string name, double[] values, int[]? units)
    {
        string[] parts = name.Split(',', 2);
        double mean = values.Length == 0 ? double.NaN : values.Average();
        if (units is not null && units.Sum() is > 0 and int all)
            return new MetricSummary(
                parts[0], parts.Length > 1 ? parts[1] : "none", values.Zip(units, (v, u) => v * u).Sum() / all, null, all);
        double? error = values.Length < 2 ? null
            : Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Length - 1) / values.Length);
        return new MetricSummary(parts[0], parts.Length > 1 ? parts[1] : "none", mean, error, values.Length);
    }
}
