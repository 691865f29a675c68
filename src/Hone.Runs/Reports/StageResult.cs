using Hone.Evaluation;
using Hone.Runs.Metrics;

namespace Hone.Runs;

/// <summary>What a stage of a run did.</summary>
/// <param name="Name">For example <c>sft</c> or <c>online-1/dpo</c>.</param>
/// <param name="Steps">Optimiser steps; 0 where nothing is trained.</param>
/// <param name="Seconds">Wall time over all processes that worked on it, as far as it was recorded.</param>
/// <param name="HeldOut">Its last figures on rows that were not trained on, by name: <c>loss</c>, <c>rewards/accuracies</c>, ...</param>
public sealed record StageResult(string Name, int Steps, double Seconds, IReadOnlyDictionary<string, double> HeldOut)
{
    /// <summary>Share of the held-out pairs whose chosen answer has the higher reward, by Wilson; null without pairs.</summary>
    internal Interval? Ranked => Pairs > 0 && HeldOut.TryGetValue("rewards/accuracies", out double share) && share is >= 0 and <= 1
        ? Proportion.Wilson(share * Pairs, Pairs)
        : null;

    /// <summary>Number of held-out pairs; 0 without.</summary>
    internal int Pairs => (int)HeldOut.GetValueOrDefault("pairs");
}

/// <summary>Stages as the metrics and the times of a run folder tell of them.</summary>
internal static class StageTimes
{
    public const string Seconds = "seconds";
    private const string HeldOut = "eval/";

    /// <summary>In the order of their work; stages of which nothing is recorded are left out.</summary>
    /// <exception cref="InputException">A line is no metrics row.</exception>
    public static IReadOnlyList<StageResult> Read(string metricsPath, string timingPath)
    {
        var order = new List<string>();
        var seconds = new Dictionary<string, double>();
        var steps = new Dictionary<string, int>();
        var heldOut = new Dictionary<string, SortedDictionary<string, double>>();
        foreach (MetricsRow row in Times(timingPath))
        {
            See(row.Stage);
            seconds[row.Stage] = seconds.GetValueOrDefault(row.Stage) + row.Values[Seconds];
        }
        foreach (MetricsRow row in Rows(metricsPath))
        {
            See(row.Stage);
            steps[row.Stage] = (int)row.Step;
            foreach ((string name, double value) in row.Values.Where(v => v.Key.StartsWith(HeldOut, StringComparison.Ordinal)))
                heldOut[row.Stage][name[HeldOut.Length..]] = value;
        }
        return [.. order.Select(s => new StageResult(s, steps.GetValueOrDefault(s), seconds.GetValueOrDefault(s), heldOut[s]))];

        void See(string stage)
        {
            if (!heldOut.TryAdd(stage, new(StringComparer.Ordinal))) return;
            order.Add(stage);
        }
    }

    /// <summary>Times are only told: where the file is damaged they are left out.</summary>
    private static MetricsRow[] Times(string path)
    {
        try
        {
            return [.. Rows(path).Where(r => r.Values.ContainsKey(Seconds))];
        }
        catch (InputException)
        {
            return [];
        }
    }

    private static IEnumerable<MetricsRow> Rows(string path) => File.Exists(path) ? MetricsRow.Read(path) : [];
}
