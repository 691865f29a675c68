using System.Globalization;
using System.Text.Json.Nodes;
using Hone.Data;

namespace Hone.Runs;

/// <summary>A complete, verified training state on disk.</summary>
/// <param name="Step">Optimiser steps it has behind it.</param>
/// <param name="Folder">Where its files are.</param>
/// <param name="Cursors">Positions that go with it, such as the length of the metrics file.</param>
internal sealed record SavedState(int Step, string Folder, IReadOnlyDictionary<string, long> Cursors);

/// <summary>Where the files of a training state are written: through <see cref="Create"/>, or by path into <see cref="Folder"/>.</summary>
internal sealed class StateWriter(string folder, IDurableFiles files)
{
    public string Folder { get; } = folder;

    public Stream Create(string name) => files.Create(Path.Combine(Folder, name));
}

/// <summary>
/// Numbered training states <c>state-000123/</c> of one stage. A state appears under its name in one step and only when
/// all of it is on the disk; older ones go only after it has been read back and verified.
/// </summary>
internal sealed class StateStore(string folder, IDurableFiles files, int keep, Action<string> say)
{
    private const string Prefix = "state-";
    private const string ManifestName = "state.json";
    private readonly HashSet<string> _damaged = [];
    private SavedState? _newest;

    /// <summary>
    /// The newest state that is complete and undamaged, or null. Each newer one that is not is reported with its
    /// reason: a file missing, cut off or with another hash than recorded.
    /// </summary>
    public SavedState? FindNewest()
    {
        _damaged.Clear();
        _newest = null;
        if (!Directory.Exists(folder)) return null;
        foreach ((int step, string path) in Numbered().OrderByDescending(s => s.Step))
        {
            SavedState? state = Read(path, step, out string? problem);
            if (state is not null) return _newest = state;
            _damaged.Add(path);
            say($"{Path.GetFileName(path)} is passed over: {problem}");
        }
        return null;
    }

    /// <summary>Saves the state after <paramref name="step"/> steps; <paramref name="write"/> writes its files.</summary>
    /// <exception cref="InputException">The disk is full or refused a write; the last complete state is intact.</exception>
    public SavedState Save(int step, IReadOnlyDictionary<string, long> cursors, Action<StateWriter> write)
    {
        if (_newest is { } newest && newest.Step == step) return newest;
        string name = Prefix + step.ToString("D6", CultureInfo.InvariantCulture);
        string final = Path.Combine(folder, name);
        string beside = Path.Combine(folder, name + Durable.PartialSuffix);
        try
        {
            files.CreateFolders(folder);
            files.DeletePartial(folder);
            files.CreateFolder(beside);
            write(new StateWriter(beside, files));
            WriteManifest(beside, step, cursors);
            files.DeleteTree(final); // only ever a damaged one: a good one of this step was found above
            _damaged.Remove(final);
            files.Move(beside, final);
            files.SyncFolder(folder);
            _newest = Read(final, step, out string? problem) ?? throw new IOException($"{name} cannot be read back: {problem}");
            DeleteOld();
            return _newest;
        }
        catch (Exception e)
        {
            CleanUp();
            if (e is not (IOException or UnauthorizedAccessException)) throw;
            string good = _newest is null ? "No earlier state exists." : $"The state of step {_newest.Step} is intact.";
            throw new InputException($"the state of step {step} could not be saved: {e.Message}", folder,
                $"{good} {FileAdvice.For(e)}", e);
        }
    }

    /// <summary>Removes all states: the stage is finished.</summary>
    public void Clear()
    {
        files.DeleteTree(folder);
        _newest = null;
    }

    private void WriteManifest(string beside, int step, IReadOnlyDictionary<string, long> cursors)
    {
        string[] paths = [.. DurableFolders.FilesBelow(beside)];
        files.SyncBelow(beside, paths);
        JsonObject manifest = new()
        {
            ["step"] = step,
            ["cursors"] = new JsonObject(cursors.OrderBy(c => c.Key, StringComparer.Ordinal)
                .Select(c => KeyValuePair.Create(c.Key, (JsonNode?)c.Value))),
            ["files"] = new JsonArray([.. paths.Select(p => (JsonNode)FileDigest.Of(beside, p).ToJson())]),
        };
        string file = Path.Combine(beside, ManifestName);
        using (Stream stream = files.Create(file)) stream.Write(SealedJson.Seal(manifest));
        files.Sync(file);
        files.SyncFolder(beside);
    }

    private static SavedState? Read(string path, int step, out string? problem)
    {
        JsonObject? manifest = SealedJson.Read(Path.Combine(path, ManifestName), out problem);
        if (manifest is null) return null;
        try
        {
            int recorded = (int)manifest["step"]!;
            if (recorded != step) problem = $"{ManifestName} is of step {recorded}";
            problem ??= manifest["files"]!.AsArray().Select(f => FileDigest.FromJson(f).Problem(path)).FirstOrDefault(p => p is not null);
            Dictionary<string, long> cursors = manifest["cursors"]!.AsObject().ToDictionary(c => c.Key, c => (long)c.Value!);
            return problem is null ? new SavedState(step, path, cursors) : null;
        }
        catch (Exception e) when (e is IOException || SealedJson.IsOfAnotherShape(e))
        {
            problem = $"{ManifestName} or a file of it cannot be read: {e.Message}";
            return null;
        }
    }

    /// <summary>Keeps the newest states, counting only those not known to be damaged.</summary>
    private void DeleteOld()
    {
        foreach (string path in _damaged) files.DeleteTree(path);
        _damaged.Clear();
        foreach ((_, string path) in Numbered().OrderByDescending(s => s.Step).Skip(Math.Max(1, keep))) files.DeleteTree(path);
    }

    private void CleanUp()
    {
        try
        {
            if (Directory.Exists(folder)) files.DeletePartial(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            say($"what was half-written in {folder} could not be removed ({e.Message}); the next save removes it");
        }
    }

    private IEnumerable<(int Step, string Path)> Numbered()
    {
        foreach (string path in Directory.EnumerateDirectories(folder, Prefix + "*").ToArray())
        {
            if (int.TryParse(Path.GetFileName(path).AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int step))
                yield return (step, path);
        }
    }
}
