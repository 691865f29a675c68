using System.Text.RegularExpressions;
using Hone.Data;
using Hone.Runs.Metrics;

namespace Hone.Runs;

/// <summary>
/// The stages of a run folder. A finished stage is recognised by its manifest and not done again; a half-done one goes
/// on from its newest state; a stage whose options or inputs have changed is refused by name, or done again on request.
/// </summary>
/// <param name="metrics">Gets the rows of every stage that is opened.</param>
/// <param name="worked">Told when the work on a stage begins (true) and when it is finished (false).</param>
/// <param name="known">Digests of files that have not changed since they were last read.</param>
internal sealed partial class StageStore(
    string runFolder, RunMetrics metrics, KnownDigests known, IDurableFiles files, int keepStates, Action<string> say,
    Action<string, bool>? worked = null)
{
    /// <summary>
    /// The folder of a stage: new, half done or finished. The name has letters, digits and '-', and '/' for a folder
    /// within a folder; <paramref name="redo"/> does the stage again from the start, whatever is there, and with it every
    /// stage that depends on its result.
    /// </summary>
    /// <exception cref="InputException">The stage was done, or begun, with other inputs; or a file of its result has changed.</exception>
    public StageFolder Open(string name, StageInputs inputs, bool redo = false)
    {
        if (!Names().IsMatch(name)) throw new ArgumentException($"'{name}' is no stage name", nameof(name));
        string path = PathOf(name);
        if (redo && Directory.Exists(path)) Remove(name);
        StageManifest? manifest = ReadManifest(path, out string? problem);
        if (problem is not null) throw Refused(name, $"the stage {name} cannot be recognised: {problem}", "Restore its files");
        if (manifest is not null && inputs.Differences(manifest.Inputs) is { Count: > 0 } changed)
        {
            string list = string.Join("\n    ", changed);
            string what = manifest.Outputs is null ? "begun" : "done";
            throw Refused(name, $"the stage {name} was {what} with other settings:\n    {list}", "Undo the change");
        }
        if (manifest?.Outputs?.Select(f => f.Problem(path, known.Of)).FirstOrDefault(p => p is not null) is { } damage)
            throw Damaged(name, damage);
        if (manifest?.Outputs is not null) say($"{name}: already done");
        else if (manifest is null && known.KnowsOf(path)) say($"{name}: was done, but its folder is gone; it is done again");
        return new StageFolder(name, path, manifest ?? new StageManifest(inputs.Values, null), fresh: manifest is null, this);
    }

    /// <summary>Names of the stages of a run folder, whatever their state.</summary>
    public static IReadOnlyList<string> NamesIn(string runFolder) => [.. Directory
        .EnumerateDirectories(runFolder, "*", SearchOption.AllDirectories)
        .Select(path => Path.GetRelativePath(runFolder, path).Replace('\\', '/'))
        .Where(name => Names().IsMatch(name) && File.Exists(Path.Combine(runFolder, name, StageManifest.FileName)))
        .Order(StringComparer.Ordinal)];

    internal RunMetrics Metrics => metrics;

    internal KnownDigests Known => known;

    internal IDurableFiles Files => files;

    internal int KeepStates => keepStates;

    internal void Say(string message) => say(message);

    internal void Worked(string stage, bool begins) => worked?.Invoke(stage, begins);

    internal InputException Damaged(string name, string damage) =>
        Refused(name, $"a result of the finished stage {name} has changed: {damage}", "Restore the file");

    private InputException Refused(string name, string what, string fix) =>
        new(what, PathOf(name), $"{fix}, or do the stage again with --redo {name}.");

    private string PathOf(string name) => Path.Combine([runFolder, .. name.Split('/')]);

    /// <summary>
    /// Removes a stage and all that depend on it, those that come last first: a kill on the way leaves nothing that is out
    /// of date.
    /// </summary>
    private void Remove(string name)
    {
        Dictionary<string, StageManifest> stages = Stages();
        List<string> going = [name];
        for (int i = 0; i < going.Count; i++)
            going.AddRange(stages.Where(s => !going.Contains(s.Key) && StageInputs.DependOn(going[i], s.Value.Inputs)).Select(s => s.Key)
                .Order(StringComparer.Ordinal));
        for (int i = going.Count - 1; i > 0; i--)
        {
            say($"{going[i]}: depends on {name} and is done again too");
            RemoveFolder(going[i]);
        }
        say($"{name}: done again from the start");
        RemoveFolder(name);
        known.Save();
    }

    private void RemoveFolder(string name)
    {
        files.DeleteTree(PathOf(name));
        known.Forget(PathOf(name));
    }

    private Dictionary<string, StageManifest> Stages()
    {
        var stages = new Dictionary<string, StageManifest>();
        foreach (string name in NamesIn(runFolder))
            if (StageManifest.Read(Path.Combine(PathOf(name), StageManifest.FileName), out _) is { } manifest) stages[name] = manifest;
        return stages;
    }

    /// <summary>Null without a problem: there is nothing yet, or only what a kill left before the stage was recorded.</summary>
    private static StageManifest? ReadManifest(string path, out string? problem)
    {
        problem = null;
        if (!Directory.Exists(path)) return null;
        string manifest = Path.Combine(path, StageManifest.FileName);
        if (File.Exists(manifest)) return StageManifest.Read(manifest, out problem);
        if (DurableFolders.FilesBelow(path).Any(f => !DurableFolders.IsPartial(f)))
            problem = $"it has files but no {StageManifest.FileName}";
        return null;
    }

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9-]*(/[A-Za-z0-9][A-Za-z0-9-]*)*\z")]
    private static partial Regex Names();
}
