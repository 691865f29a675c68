using Hone.Inference;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Hone.Data;
using Hone.Models;
using Hone.Runs;
using Hone.Runs.Metrics;
using Hone.Runs.Recipes;
using static TorchSharp.torch;

namespace Hone.Workflow;

/// <summary>One process working on one run folder, from its recipe to the released model and the report.</summary>
public static class RunSession
{
    /// <param name="folder">The run, new or taken up again.</param>
    /// <param name="display">For the person who watches.</param>
    /// <param name="redo">Stages to be done again from the start.</param>
    /// <param name="command">The command line, for the report.</param>
    public static RunResults Execute(
        RunFolder folder, ProgressDisplay display, TimeProvider clock, CancellationToken cancel, IReadOnlyList<string>? redo = null,
        IDurableFiles? files = null, string command = "") =>
        Execute(folder, display, clock, redo ?? [], files, command, Training.Ranks.Single, cancel);

    /// <summary>The same on rank 0 of several processes, which share the training stages.</summary>
    internal static RunResults Execute(
        RunFolder folder, ProgressDisplay display, TimeProvider clock, IReadOnlyList<string> redo, IDurableFiles? files, string command,
        Training.Ranks ranks, CancellationToken cancel)
    {
        long begun = clock.GetTimestamp();
        CheckRedo(folder, redo);
        using var open = new OpenRun(folder, display, clock, redo, cancel, files, ranks);
        RunContext run = open.Context;
        RunResults results = Run(run, folder, cancel) with
        {
            Command = command,
            WallSeconds = clock.GetElapsedTime(begun).TotalSeconds,
            PeakMemoryBytes = PeakMemory(),
            Machine = Machine(run.Target.Device),
        };
        open.EndMetrics();
        RunResultsJson.Write(results, folder.File(RunResults.FileName));
        ReportWriter.Write(folder.Path);
        folder.MarkFinished(clock);
        display.End();
        return results;
    }

    /// <exception cref="InputException">A stage that is to be done again is not there: its name is mistyped.</exception>
    private static void CheckRedo(RunFolder folder, IReadOnlyList<string> redo)
    {
        foreach (string name in redo)
        {
            IReadOnlyList<string> stages = StageStore.NamesIn(folder.Path);
            // A stage may have lost its record; a folder of stages, or one within a stage, is no stage.
            bool Near(string stage) =>
                stage.StartsWith(name + "/", StringComparison.Ordinal) || name.StartsWith(stage + "/", StringComparison.Ordinal);
            if (stages.Contains(name) || (Directory.Exists(folder.File(name)) && !stages.Any(Near))) continue;
            string fix = NearestName.Of(name, stages) is { } meant
                ? $"Did you mean '{meant}'?"
                : $"Stages here: {string.Join(", ", stages)}.";
            throw new InputException($"--redo {name}: the run has no such stage", folder.Path, fix);
        }
    }

    private static RunResults Run(RunContext run, RunFolder folder, CancellationToken cancel)
    {
        Recipe recipe = run.Recipe;
        bool world = recipe.Model == "world";
        ModelRef baseModel = world ? BaseStage.Run(run) : ModelRef.FromFolder(recipe.Model, run.Digests);
        ModelText text = ModelText.Load(baseModel.Folder);
        if (text.PlainNote is { } plain) run.Say(plain);
        RunInputs inputs = recipe.Data.World == DataWorld.Tiny ? WorldInputs.Create(recipe, text)
            : recipe.Data.Stories.Files.Count > 0 ? StoryInputs.Create(recipe, text)
            : FileInputs.Load(recipe, text);
        foreach (string line in inputs.Report) run.Say(line);
        cancel.ThrowIfCancellationRequested();
        var loop = new OnlineRlhf(run, inputs, baseModel);
        (RunResults results, ModelRef released) = loop.Run(recipe.Name);
        results = results with
        {
            Settings = Settings(folder.Recipe),
            Data = inputs.Report,
            Stages = StageTimes.Read(folder.MetricsPath, folder.TimingPath),
        };
        Release.Write(run, folder.Recipe, loop.Inputs, results, released, folder.File("model"));
        return results;
    }

    internal static IReadOnlyList<ResolvedSetting> Settings(ResolvedRecipe recipe) =>
        [.. RecipeText.Flatten(recipe.Value).Select(v => new ResolvedSetting(v.Key, v.Value, recipe.OriginOf(v.Key).ToString()))];

    internal static long PeakMemory()
    {
        using Process self = Process.GetCurrentProcess();
        return self.PeakWorkingSet64;
    }

    internal static string Machine(Device device) => string.Create(CultureInfo.InvariantCulture,
        $"{(device.type == TorchSharp.DeviceType.CPU ? Processor.Name() : device.ToString())}, "
            + $"{Environment.ProcessorCount} cores, {RuntimeInformation.OSDescription}");
}
