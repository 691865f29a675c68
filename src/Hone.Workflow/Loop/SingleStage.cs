using System.Text.Json;
using Hone.Data;
using Hone.Runs;
using Hone.Runs.Metrics;
using Hone.Runs.Recipes;

namespace Hone.Workflow;

/// <summary>The model that a training stage left, its optimiser steps and the last value of each of its metrics.</summary>
public sealed record TrainedModel(string Folder, int Steps, IReadOnlyDictionary<string, double> Metrics);

/// <summary>
/// One training stage outside of a run. It works in <c>OUTPUT.training</c>, a run folder with one stage, and can be cut off
/// and gone on with like any other. The finished model appears as <c>OUTPUT</c> in one step, with a model card, and with recipe,
/// metrics, report and log in its folder <c>training</c>.
/// </summary>
public static class SingleStage
{
    private const string Record = "training";
    private static readonly string[] s_records =
    [
        "recipe.yaml", "metrics.jsonl", "timing.jsonl", "log.jsonl", RunResults.FileName, ReportWriter.FileName, DpoStage.PairsPath,
    ];

    /// <param name="output">Folder of the finished model.</param>
    /// <param name="resume">Go on with what was begun, where something was.</param>
    /// <param name="redo">Steps of the work to be done again.</param>
    /// <param name="stage">Runs the stage in the context given, and returns what it trained.</param>
    /// <param name="command">The command line, for the report.</param>
    /// <exception cref="InputException">The output is there already, or was begun and is not to be gone on with, or with other
    /// settings.</exception>
    public static TrainedModel Train(
        string output, bool resume, IReadOnlyList<string> redo, ResolvedRecipe recipe, ProgressDisplay display, TimeProvider clock,
        Func<RunContext, ModelRef> stage, CancellationToken cancel, string command = "") =>
        Train(output, resume, redo, recipe, display, clock, stage, command, Training.Ranks.Single, cancel);

    /// <summary>The same on rank 0 of several processes, which share the training.</summary>
    internal static TrainedModel Train(
        string output, bool resume, IReadOnlyList<string> redo, ResolvedRecipe recipe, ProgressDisplay display, TimeProvider clock,
        Func<RunContext, ModelRef> stage, string command, Training.Ranks ranks, CancellationToken cancel)
    {
        output = Path.GetFullPath(Path.TrimEndingDirectorySeparator(output));
        bool done = resume && File.Exists(Path.Combine(output, Record, "metrics.jsonl"));
        long begun = clock.GetTimestamp();
        Make(output, done, resume, redo, recipe, display, clock, (run, folder) =>
        {
            string model = stage(run).Folder;
            StageRecord.Write(run, folder, model, Path.GetFileName(output), command, clock.GetElapsedTime(begun).TotalSeconds);
            return model;
        }, PublishModel, ranks, cancel);
        return Read(output);
    }

    /// <summary>A file made by a stage that keeps what it has when it is cut off; as for a training.</summary>
    /// <param name="write">Writes it, within the working folder, and returns its path.</param>
    public static void WriteFile(
        string output, bool resume, IReadOnlyList<string> redo, ResolvedRecipe recipe, ProgressDisplay display, TimeProvider clock,
        Func<RunContext, string> write, CancellationToken cancel)
    {
        output = Path.GetFullPath(output);
        Make(output, resume && File.Exists(output), resume, redo, recipe, display, clock, (run, _) => write(run), PublishFile,
            Training.Ranks.Single, cancel);
    }

    private static string WorkFolder(string output) => output + ".training";

    private static void Make(
        string output, bool done, bool resume, IReadOnlyList<string> redo, ResolvedRecipe recipe, ProgressDisplay display,
        TimeProvider clock, Func<RunContext, RunFolder, string> stage, Action<string, string, string> publish,
        Training.Ranks ranks, CancellationToken cancel)
    {
        string work = WorkFolder(output);
        if (Path.Exists(output) && !done)
            throw new InputException("there is something here already", output, "Give the result another place with --output.");
        if (!resume && RunFolder.Exists(work) && RunFolder.HoldsWork(work))
            throw new InputException("this was begun and not finished", work,
                "Go on with it by adding --resume, or remove the folder, or give another --output.");
        if (redo.Count > 0 && !RunFolder.Exists(work))
            throw new InputException("--redo is for what was begun and not finished", output, "Leave it out to begin anew.");
        if (done) display.Say($"{output}: already done");
        else Execute(work, output, redo, recipe, display, clock, stage, publish, ranks, cancel);
        // A kill right after the rename leaves it.
        DurableFiles.Instance.DeleteTree(work);
    }

    private static void Execute(
        string work, string output, IReadOnlyList<string> redo, ResolvedRecipe recipe, ProgressDisplay display, TimeProvider clock,
        Func<RunContext, RunFolder, string> stage, Action<string, string, string> publish, Training.Ranks ranks, CancellationToken cancel)
    {
        bool begun = RunFolder.Exists(work) && RunFolder.HoldsWork(work);
        using RunFolder folder = begun ? Resume(work, recipe, clock) : RunFolder.Create(work, recipe, clock);
        string made;
        try
        {
            using var open = new OpenRun(folder, display, clock, redo, cancel, ranks: ranks);
            made = stage(open.Context, folder);
            open.EndMetrics();
            display.End();
        }
        catch
        {
            display.End();
            if (!RunFolder.HoldsWork(work)) folder.Remove();
            throw;
        }
        publish(work, made, output);
    }

    private static RunFolder Resume(string work, ResolvedRecipe recipe, TimeProvider clock)
    {
        RunFolder folder = RunFolder.Resume(work, clock);
        IReadOnlyList<string> changes = RecipeText.Changes(folder.Recipe.Value, recipe.Value);
        if (changes.Count == 0) return folder;
        folder.Dispose();
        throw new InputException($"this was begun with other settings:\n    {string.Join("\n    ", changes)}", work,
            "Give the settings that it was begun with, or remove the folder to begin anew.");
    }

    private static void PublishFile(string work, string file, string output)
    {
        DurableFiles.Instance.Sync(file);
        DurableFiles.Instance.Move(file, output);
        DurableFiles.Instance.SyncFolder(Path.GetDirectoryName(output)!);
    }

    private static void PublishModel(string work, string model, string output)
    {
        string record = Path.Combine(model, Record);
        Directory.CreateDirectory(record);
        foreach (string path in s_records.Select(name => Path.Combine(work, name)).Where(File.Exists))
        {
            string copy = Path.Combine(record, Path.GetFileName(path));
            File.Copy(path, copy, overwrite: true);
            DurableFiles.Instance.Sync(copy);
        }
        CopyEvents(Path.Combine(work, TensorBoardRuns.FolderName), Path.Combine(record, TensorBoardRuns.FolderName));
        DurableFiles.Instance.SyncFolder(record);
        DurableFiles.Instance.SyncFolder(model);
        DurableFiles.Instance.Move(model, output);
        DurableFiles.Instance.SyncFolder(Path.GetDirectoryName(output)!);
    }

    /// <summary>What TensorBoard showed while it went on can be looked at afterwards, too.</summary>
    private static void CopyEvents(string from, string to)
    {
        if (!Directory.Exists(from)) return;
        foreach (string name in DurableFolders.FilesBelow(from))
        {
            string copy = Path.Combine(to, name);
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(Path.Combine(from, name), copy, overwrite: true);
        }
    }

    private static TrainedModel Read(string output)
    {
        var metrics = new SortedDictionary<string, double>(StringComparer.Ordinal);
        int steps = 0;
        foreach (string line in File.ReadLines(Path.Combine(output, Record, "metrics.jsonl")))
        {
            using JsonDocument row = JsonDocument.Parse(line);
            foreach (JsonProperty value in row.RootElement.EnumerateObject())
            {
                if (value.NameEquals("step")) steps = value.Value.GetInt32();
                else if (value.Value.ValueKind == JsonValueKind.Number) metrics[value.Name] = value.Value.GetDouble();
            }
        }
        return new TrainedModel(output, steps, metrics);
    }
}
