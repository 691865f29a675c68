using Hone.Models;
using Hone.Workflow.Metrics;
using Hone.Workflow.Recipes;
using Hone.Workflow.Runs;

namespace Hone.Workflow;

/// <summary>A run folder with its metrics, log and timing open, and the context that its stages work in.</summary>
internal sealed class OpenRun : IDisposable
{
    private readonly MetricsLog _metrics;
    private readonly RunLog _log;
    private readonly MetricsLog _timing;

    public OpenRun(RunFolder folder, ProgressDisplay display, TimeProvider clock, IReadOnlyList<string> redo, CancellationToken cancel,
        IDurableFiles? files = null)
    {
        LibTorch.Load();
        _metrics = new MetricsLog(folder.MetricsPath);
        _log = new RunLog(folder.LogPath, clock);
        _timing = new MetricsLog(folder.TimingPath);
        void Say(string message)
        {
            display.Say(message);
            _log.Info(message);
        }
        foreach (string change in folder.Changes) Say($"changed: {change}");
        Recipe recipe = HubInputs.Localise(folder.Recipe.Value, Say);
        Context = new RunContext
        {
            Recipe = recipe,
            Stages = new StageStore(folder.Path, _metrics, files ?? DurableFiles.Instance, recipe.Save.KeepCheckpoints, Say),
            Redo = redo,
            Metrics = _metrics,
            Target = recipe.Target(),
            Say = Say,
            Progress = new StepTiming(display, _timing, clock).Step,
            Cancel = cancel,
        };
    }

    public RunContext Context { get; }

    public void Dispose()
    {
        _metrics.Dispose();
        _log.Dispose();
        _timing.Dispose();
    }
}
