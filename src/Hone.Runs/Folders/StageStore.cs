using System.Text.RegularExpressions;
using Hone.Runs.Metrics;

namespace Hone.Runs;

/// <summary>
/// The stages of a run folder. A finished stage is recognised by its manifest and not done again; a half-done one goes
/// on from its newest state; a stage whose options or inputs have changed is refused by name, or done again on request.
/// The metrics file is cut to the place that belongs to where a stage goes on, so no row is lost or written twice.
/// </summary>
public sealed partial class StageStore(string runFolder, MetricsLog metrics, IDurableFiles files, int keepStates, Action<string> say)
{
    /// <summary>
    /// The folder of a stage: new, half done or finished. The name has letters, digits and '-', and '/' for a folder
    /// within a folder; <paramref name="redo"/> does the stage again from the start, whatever is there, and takes back
    /// every stage whose rows stand behind its own in the metrics file.
    /// </summary>
    /// <exception cref="InputException">The stage was done, or begun, with other inputs; or a file of its result is damaged.</exception>
    public StageFolder Open(string name, StageInputs inputs, bool redo = false)
    {
        if (!Names().IsMatch(name)) throw new ArgumentException($"'{name}' is no stage name", nameof(name));
        string path = Path.Combine([runFolder, .. name.Split('/')]);
        StageManifest? manifest = ReadManifest(path, out string? problem);
        if (redo && Directory.Exists(path))
        {
            say($"{name}: done again from the start");
            if ((manifest?.MetricsAtStart ?? metrics.BeginningOf(name)) is { } start) TakeBack(start, path);
            files.DeleteTree(path);
            return Begin(name, path, inputs);
        }
        if (problem is not null) throw Refused($"the stage {name} cannot be recognised: {problem}", "Restore its files");
        if (manifest is null) return Begin(name, path, inputs);
        if (inputs.Differences(manifest.Inputs) is { Count: > 0 } changed)
        {
            string list = string.Join("\n    ", changed);
            throw Refused($"the stage {name} was {(manifest.Outputs is null ? "begun" : "done")} with other settings:\n    {list}",
                "Undo the change");
        }
        if (manifest.Outputs?.Select(f => f.Problem(path)).FirstOrDefault(p => p is not null) is { } damage)
            throw Refused($"a result of the finished stage {name} has changed: {damage}", "Restore the file");
        if (manifest.Outputs is not null && metrics.Length < manifest.MetricsAtEnd)
            throw Refused($"the rows of the finished stage {name} are no longer in {Path.GetFileName(metrics.Path)}", "Restore that file");
        if (metrics.Length >= manifest.MetricsAtEnd && metrics.CheckOf(manifest.MetricsAtEnd) != manifest.MetricsCheck)
            throw Refused($"rows of {Path.GetFileName(metrics.Path)} up to the {(manifest.Outputs is null ? "start" : "end")} of the stage {name} have changed", "Restore that file");
        if (manifest.Outputs is not null) say($"{name}: already done");
        return new StageFolder(name, path, manifest, fresh: false, metrics, files, keepStates, say);

        InputException Refused(string what, string fix) => new(what, path, $"{fix}, or do the stage again with --redo {name}.");
    }

    /// <summary>Cuts the metrics file to a length, and removes the stages that have rows behind it, the last one first.</summary>
    private void TakeBack(long length, string except)
    {
        IEnumerable<(string Path, StageManifest Manifest)> stages = Directory.EnumerateFiles(runFolder, StageManifest.FileName, SearchOption.AllDirectories)
            .Select(file => (Path: Path.GetDirectoryName(file)!, Manifest: StageManifest.Read(file, out _)!))
            .Where(s => s.Manifest is { } m && s.Path != except && (m.MetricsAtEnd > length || (m.Outputs is null && m.MetricsAtStart >= length)));
        foreach ((string path, StageManifest manifest) in stages.OrderByDescending(s => s.Manifest.MetricsAtStart).ThenByDescending(s => s.Path, StringComparer.Ordinal).ToArray())
        {
            say($"{Path.GetRelativePath(runFolder, path).Replace('\\', '/')}: came after it and is done again too");
            if (manifest.MetricsAtStart < metrics.Length) metrics.CutTo(manifest.MetricsAtStart);
            files.DeleteTree(path);
        }
        if (length < metrics.Length) metrics.CutTo(length);
    }

    private StageFolder Begin(string name, string path, StageInputs inputs) =>
        new(name, path, StageManifest.Begin(inputs, metrics.Sync(), metrics.CheckOf(metrics.Length)), fresh: true, metrics, files, keepStates, say);

    /// <summary>Null without a problem: there is nothing yet, or only what a kill left before the stage was recorded.</summary>
    private static StageManifest? ReadManifest(string path, out string? problem)
    {
        problem = null;
        if (!Directory.Exists(path)) return null;
        string manifest = Path.Combine(path, StageManifest.FileName);
        if (File.Exists(manifest)) return StageManifest.Read(manifest, out problem);
        if (DurableFolders.FilesBelow(path).Any(f => !f.StartsWith(DurableFolders.Temporary, StringComparison.Ordinal)))
            problem = $"it has files but no {StageManifest.FileName}";
        return null;
    }

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9-]*(/[A-Za-z0-9][A-Za-z0-9-]*)*\z")]
    private static partial Regex Names();
}
