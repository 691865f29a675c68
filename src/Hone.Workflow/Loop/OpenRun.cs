using Hone.Data;
using Hone.Models;
using Hone.Runs;
using Hone.Runs.Metrics;
using Hone.Runs.Recipes;
using Hone.Workflow.Workers;

namespace Hone.Workflow;

/// <summary>A run folder with its metrics, log and timing open, and the context that its stages work in.</summary>
internal sealed class OpenRun : IDisposable
{
    private readonly RunMetrics _metrics;
    private readonly RunLog _log;
    private readonly MetricsLog _timing;
    private readonly StepTiming _steps;
    private readonly KnownDigests _digests;

    public OpenRun(RunFolder folder, ProgressDisplay display, TimeProvider clock, IReadOnlyList<string> redo, CancellationToken cancel,
        IDurableFiles? files = null, Training.Ranks? ranks = null)
    {
        LibTorch.Load();
        _digests = new KnownDigests(folder.Path, folder.File("digests.json"));
        _log = new RunLog(folder.LogPath, clock);
        _timing = new MetricsLog(folder.TimingPath);
        void Say(string message)
        {
            display.Say(message);
            _log.Info(message);
        }
        foreach (string change in folder.Changes) Say($"changed: {change}");
        foreach (string damage in folder.Damage) Say($"since the run was finished: {damage}");
        int threads = TorchSharp.torch.get_num_threads();
        if (folder.Begin(threads, clock) is { } before)
            Say($"this process computes with {threads} threads, the one before had {before}: numbers may differ in their last digits");
        _metrics = new RunMetrics(folder.MetricsPath, Say, Watchers(folder, clock, Say));
        Recipe recipe = HubInputs.Localise(folder.Recipe.Value, Say);
        var timing = _steps = new StepTiming(display, _timing, clock);
        var stages = new StageStore(
            folder.Path, _metrics, _digests, files ?? DurableFiles.Instance, recipe.Save.KeepCheckpoints, Say, timing.Worked);
        Context = new RunContext(stages, _digests)
        {
            Recipe = recipe,
            Redo = redo,
            Target = recipe.Target(),
            Say = Say,
            Begin = timing.Begin,
            Progress = timing.Step,
            Cancel = cancel,
            Clock = clock,
            Workers = recipe.Workers.Count == 0 ? null : new WorkerFleet(recipe.Workers, recipe.Worker, Say, TimeProvider.System),
            Ranks = ranks ?? Training.Ranks.Single,
        };
    }

    public RunContext Context { get; }

    /// <summary>All stages are done.</summary>
    public void EndMetrics() => _metrics.Finish();

    /// <summary>Writes down the times of what is not finished.</summary>
    public void EndTiming() => _steps.Dispose();

    public void Dispose()
    {
        EndTiming();
        Context.Workers?.Dispose();
        _digests.Save();
        _metrics.Dispose(); // before the log: a watcher may have a last word
        _log.Dispose();
        _timing.Dispose();
    }

    private static IEnumerable<IMetricsWatcher> Watchers(RunFolder folder, TimeProvider clock, Action<string> say)
    {
        yield return new TensorBoardRuns(folder.File(TensorBoardRuns.FolderName), clock);
        Recipe recipe = folder.Recipe.Value;
        if (recipe.Report.Mlflow.Length > 0)
            yield return new MlflowTracker(new Uri(recipe.Report.Mlflow), recipe.Name, RunSession.Settings(folder.Recipe), clock, say);
    }
}
