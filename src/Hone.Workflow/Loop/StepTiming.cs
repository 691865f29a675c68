using Hone.Runs;
using Hone.Runs.Metrics;
using Hone.Training;

namespace Hone.Workflow;

/// <summary>What a step cost: shown live, and written to timing.jsonl, apart from the metrics that a seed decides.</summary>
internal sealed class StepTiming(ProgressDisplay display, MetricsLog timing, TimeProvider clock) : IDisposable
{
    private const int LogEvery = 10;
    private static readonly string[] s_shown = ["loss", "lr", "rewards/accuracies", "rewards/margins"];
    private long _last = clock.GetTimestamp();
    private readonly Dictionary<string, long> _begun = [];
    private string? _stage;
    private long _tokens;
    private double _work;

    /// <summary>The work on a stage begins or ends; what it took is logged.</summary>
    public void Worked(string stage, bool begins)
    {
        if (begins) _begun[stage] = clock.GetTimestamp();
        else if (_begun.Remove(stage, out long since))
            timing.Append(stage, 0, [KeyValuePair.Create(StageTimes.Seconds, clock.GetElapsedTime(since).TotalSeconds)]);
    }

    /// <summary>What was begun and not finished took time, too.</summary>
    public void Dispose()
    {
        foreach (string stage in _begun.Keys.ToArray()) Worked(stage, begins: false);
    }

    /// <summary>Before a stage's first step, so that its time counts.</summary>
    public void Begin(string stage, int stepsDone)
    {
        display.Begin(stage, stepsDone);
        (_stage, _tokens, _work, _last) = (stage, 0, 0, clock.GetTimestamp());
    }

    public void Step(string stage, StepReport report)
    {
        long memory = Environment.WorkingSet;
        display.Show(new ProgressStep(stage, report.Step, report.TotalSteps,
            [.. s_shown.Where(report.Metrics.ContainsKey).Select(name => KeyValuePair.Create(name, report.Metrics[name]))],
            report.Tokens, memory)
        { Work = report.Work, Peak = report.Peak });
        if (_stage != stage) throw new InvalidOperationException($"{stage} was not begun");
        _tokens += report.Tokens;
        _work += report.Work;
        if (report.Step % LogEvery != 0) return;
        double seconds = clock.GetElapsedTime(_last).TotalSeconds;
        var row = new Dictionary<string, double> { ["tokens_per_second"] = _tokens / seconds, ["memory_bytes"] = memory };
        if (report.Peak > 0) row["mfu"] = _work / seconds / report.Peak;
        timing.Append(stage, report.Step, row);
        (_tokens, _work, _last) = (0, 0, clock.GetTimestamp());
    }
}
