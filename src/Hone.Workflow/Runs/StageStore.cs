using System.Text.RegularExpressions;
using Hone.Workflow.Metrics;

namespace Hone.Workflow.Runs;

/// <summary>
/// The stages of a run folder. A finished stage is recognised by its manifest and not done again; a half-done one goes
/// on from its newest state; a stage whose options or inputs have changed is refused by name, or done again on request.
/// The metrics file is cut to the place that belongs to where a stage goes on, so no row is lost or written twice.
/// </summary>
public sealed partial class StageStore(string runFolder, MetricsLog metrics, IDurableFiles files, int keepStates, Action<string> say)
{
    /// <param name="name">Letters, digits and '-'; '/' for a folder within a folder.</param>
    /// <param name="inputs">All that the result depends on.</param>
    /// <param name="redo">Do the stage again from the start, whatever is there.</param>
    /// <exception cref="InputException">The stage was done, or begun, with other inputs; or a file of its result is damaged.</exception>
    public StageFolder Open(string name, StageInputs inputs, bool redo = false)
    {
        if (!Names().IsMatch(name)) throw new ArgumentException($"'{name}' is no stage name", nameof(name));
        string path = Path.Combine([runFolder, .. name.Split('/')]);
        string manifestPath = Path.Combine(path, StageManifest.FileName);
        string again = $"Undo the change, or do the stage again with --redo {name}.";
        StageManifest? manifest = null;
        if (File.Exists(manifestPath))
        {
            manifest = StageManifest.Read(manifestPath, out string? problem);
            if (manifest is null && !redo) throw new InputException($"the stage {name} cannot be recognised: {problem}", path, $"Do it again with --redo {name}.");
        }
        else if (Directory.Exists(path) && DurableFolders.FilesBelow(path).Any(f => !f.StartsWith(DurableFolders.Temporary, StringComparison.Ordinal)))
        {
            if (!redo) throw new InputException($"the stage {name} has files but no {StageManifest.FileName}", path, $"Move them away, or do the stage again with --redo {name}.");
        }
        if (redo && Directory.Exists(path))
        {
            say($"{name}: done again from the start");
            files.DeleteTree(path);
            return new StageFolder(name, path, StageManifest.Begin(inputs, manifest?.MetricsAtStart ?? metrics.Sync()), fresh: true, metrics, files, keepStates, say);
        }
        if (manifest is null) return new StageFolder(name, path, StageManifest.Begin(inputs, metrics.Sync()), fresh: true, metrics, files, keepStates, say);
        if (inputs.Differences(manifest.Inputs) is { Count: > 0 } changed)
            throw new InputException($"the stage {name} was {(manifest.Outputs is null ? "begun" : "done")} with other settings:\n    {string.Join("\n    ", changed)}", path, again);
        if (manifest.Outputs?.Select(f => f.Problem(path)).FirstOrDefault(p => p is not null) is { } damage)
            throw new InputException($"a result of the finished stage {name} has changed: {damage}", path, $"Restore the file, or do the stage again with --redo {name}.");
        if (manifest.Outputs is not null) say($"{name}: already done");
        return new StageFolder(name, path, manifest, fresh: false, metrics, files, keepStates, say);
    }

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9-]*(/[A-Za-z0-9][A-Za-z0-9-]*)*\z")]
    private static partial Regex Names();
}
