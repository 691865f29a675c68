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
/// and gone on with like any other. The finished model appears as <c>OUTPUT</c> in one step, with recipe, metrics and
/// log in its folder <c>training</c>.
/// </summary>
public static class SingleStage
{
    private const string Record = "training";
    private static readonly string[] s_records = ["recipe.yaml", "metrics.jsonl", "timing.jsonl", "log.jsonl", DpoStage.PairsPath];

    /// <summary>Refuses an output that is there already, before anything expensive is done.</summary>
    /// <exception cref="InputException">It is there, or a training towards it was begun and is not to be gone on with.</exception>
    public static void CheckOutput(string output, bool resume)
    {
        if (Path.Exists(output) && !(resume && File.Exists(Path.Combine(output, Record, "metrics.jsonl"))))
            throw new InputException("there is something here already", output, "Give the result another place with --output.");
        if (!resume && Path.Exists(WorkFolder(output)))
            throw new InputException("a training was begun here", WorkFolder(output),
                "Go on with it by adding --resume, or remove the folder, or give another --output.");
    }

    /// <param name="output">Folder of the finished model.</param>
    /// <param name="resume">Go on with what was begun, where something was.</param>
    /// <param name="stage">Runs the stage in the context given, and returns what it trained.</param>
    /// <exception cref="InputException">As <see cref="CheckOutput"/>; or it was begun with other settings.</exception>
    public static TrainedModel Train(
        string output, bool resume, ResolvedRecipe recipe, ProgressDisplay display, TimeProvider clock, Func<RunContext, ModelRef> stage,
        CancellationToken cancel)
    {
        output = Path.GetFullPath(Path.TrimEndingDirectorySeparator(output));
        CheckOutput(output, resume);
        string work = WorkFolder(output);
        if (Directory.Exists(output)) display.Say($"{output}: already done");
        else Execute(work, output, recipe, display, clock, stage, cancel);
        // A kill right after the rename leaves it.
        DurableFiles.Instance.DeleteTree(work);
        return Read(output);
    }

    private static string WorkFolder(string output) => Path.GetFullPath(Path.TrimEndingDirectorySeparator(output)) + ".training";

    private static void Execute(
        string work, string output, ResolvedRecipe recipe, ProgressDisplay display, TimeProvider clock, Func<RunContext, ModelRef> stage,
        CancellationToken cancel)
    {
        using RunFolder folder = RunFolder.Exists(work) ? Resume(work, recipe, clock) : RunFolder.Create(work, recipe, clock);
        string model;
        try
        {
            using var open = new OpenRun(folder, display, clock, [], cancel);
            model = stage(open.Context).Folder;
            display.End();
        }
        catch
        {
            display.End();
            if (!HoldsWork(work)) DurableFiles.Instance.DeleteTree(work);
            throw;
        }
        Publish(work, model, output);
    }

    private static RunFolder Resume(string work, ResolvedRecipe recipe, TimeProvider clock)
    {
        RunFolder folder = RunFolder.Resume(work, clock);
        IReadOnlyList<string> changes = RecipeText.Changes(folder.Recipe.Value, recipe.Value);
        if (changes.Count == 0) return folder;
        folder.Dispose();
        throw new InputException($"the training was begun with other settings:\n    {string.Join("\n    ", changes)}", work,
            "Give the settings that it was begun with, or remove the folder to begin anew.");
    }

    /// <summary>Whether a cut-off training has anything that a new one would have to do again.</summary>
    private static bool HoldsWork(string work) =>
        Directory.EnumerateFiles(work, "state.json", SearchOption.AllDirectories).Any()
        || Directory.EnumerateFiles(work, StageManifest.FileName, SearchOption.AllDirectories)
            .Any(f => StageManifest.Read(f, out _)?.Outputs is not null);

    private static void Publish(string work, string model, string output)
    {
        string record = Path.Combine(model, Record);
        Directory.CreateDirectory(record);
        foreach (string path in s_records.Select(name => Path.Combine(work, name)).Where(File.Exists))
        {
            string copy = Path.Combine(record, Path.GetFileName(path));
            File.Copy(path, copy, overwrite: true);
            DurableFiles.Instance.Sync(copy);
        }
        DurableFiles.Instance.SyncFolder(record);
        DurableFiles.Instance.SyncFolder(model);
        DurableFiles.Instance.Move(model, output);
        DurableFiles.Instance.SyncFolder(Path.GetDirectoryName(output)!);
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
