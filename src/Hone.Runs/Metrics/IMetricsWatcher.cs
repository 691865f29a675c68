namespace Hone.Runs.Metrics;

/// <summary>
/// One that sees a run's metrics while it goes on. What it does with them is no part of the result: it may be late or fail, and
/// the training goes on.
/// </summary>
internal interface IMetricsWatcher : IDisposable
{
    /// <summary>What people call it.</summary>
    string Name { get; }

    /// <summary>A stage begins, goes on, or is skipped as done.</summary>
    /// <param name="rows">What it has measured before.</param>
    /// <param name="more">Whether it will measure more.</param>
    void Begin(string stage, IReadOnlyList<MetricsRow> rows, bool more);

    /// <summary>The last stage is done; disposed of without this, the work was cut off.</summary>
    void End();

    /// <summary>A row of the stage begun last.</summary>
    void Append(string stage, long step, IReadOnlyDictionary<string, double> values);
}

/// <summary>Names of metrics as TRL and transformers write them into trackers.</summary>
internal static class MetricTags
{
    /// <summary><c>train/loss</c>, <c>train/learning_rate</c>, <c>train/rewards/chosen</c>; <c>eval/loss</c> stays.</summary>
    public static string Of(string name) => name == "lr" ? "train/learning_rate"
        : name.StartsWith("eval/", StringComparison.Ordinal) ? name : $"train/{name}";
}
