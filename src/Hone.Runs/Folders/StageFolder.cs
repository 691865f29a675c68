using Hone.Data;
using Hone.Runs.Metrics;

namespace Hone.Runs;

/// <summary>The folder of one stage: its result, and while it runs its training states.</summary>
internal sealed class StageFolder
{
    internal const string MetricsName = "metrics.jsonl";
    private const string StatesName = "states";
    private const string MetricsCursor = "metrics_bytes", MetricsCheck = "metrics_check";
    private readonly StageStore _store;
    private readonly StateStore _states;
    private readonly HashSet<string> _verified = [];
    private StageManifest _manifest;

    internal StageFolder(string name, string path, StageManifest manifest, bool fresh, StageStore store)
    {
        (Name, Path, _manifest, _store) = (name, path, manifest, store);
        _states = new StateStore(System.IO.Path.Combine(path, StatesName), store.Files, store.KeepStates, store.Say);
        if (fresh)
        {
            store.Files.CreateFolders(path);
            WriteManifest();
        }
        store.Files.DeletePartial(path);
        if (!Finished) store.Worked(name, begins: true);
        if (Finished) _states.Clear(); // a kill right after Finish leaves them
        else Resume = GoOn(fresh);
        byte[] rows = System.IO.File.Exists(MetricsPath) ? System.IO.File.ReadAllBytes(MetricsPath) : [];
        if (store.Metrics.Begin(name, rows, more: !Finished))
            store.Say($"{name}: its rows in the run's {MetricsName} were damaged, and are put right from its own");
    }

    public string Name { get; }

    public string Path { get; }

    /// <summary>Whether the result is there: nothing is to be done.</summary>
    public bool Finished => _manifest.Outputs is not null;

    /// <summary>The state to go on from; null starts at the beginning.</summary>
    public SavedState? Resume { get; }

    /// <summary>One hash for the whole result, with the stage's name; null until finished.</summary>
    public string? Digest => _manifest.Outputs is { } outputs ? StageInputs.ResultOf(Name, FileDigest.Combined(outputs)) : null;

    private string MetricsPath => System.IO.Path.Combine(Path, MetricsName);

    /// <summary>
    /// Path of a file or folder of the result. That of a finished stage is for reading: its content is proved first, once
    /// a process, against what was recorded when it was made.
    /// </summary>
    /// <exception cref="InputException">The stage is finished and the file, or one below the folder, has changed.</exception>
    public string File(string name)
    {
        foreach (FileDigest output in _manifest.Outputs ?? [])
        {
            if (output.Path != name && !output.Path.StartsWith(name + "/", StringComparison.Ordinal)) continue;
            if (!_verified.Add(output.Path)) continue;
            if (output.Problem(Path, _store.Known.Read) is { } damage) throw _store.Damaged(Name, damage);
        }
        return System.IO.Path.Combine(Path, name);
    }

    /// <summary>Path of a file that is kept beside the training states, and goes with them when the stage is finished.</summary>
    public string Beside(string name) => System.IO.Path.Combine(Path, StatesName, name);

    /// <summary>Adds a row to the stage's metrics and to those of the run.</summary>
    public void Append(int step, IReadOnlyDictionary<string, double> values)
    {
        using var rows = new MetricsLog(MetricsPath);
        _store.Metrics.Append(Name, step, values, rows.Append(Name, step, values));
    }

    /// <summary>Saves the training state after <paramref name="step"/> steps together with the place in the metrics file.</summary>
    /// <exception cref="InputException">The disk is full or refused a write; the last complete state is intact.</exception>
    public SavedState SaveState(int step, Action<StateWriter> write)
    {
        using var rows = new MetricsLog(MetricsPath);
        return _states.Save(step,
            new Dictionary<string, long> { [MetricsCursor] = rows.Sync(), [MetricsCheck] = rows.CheckOf(rows.Length) }, write);
    }

    /// <summary>Makes all files of the result durable, records them, and removes the training states.</summary>
    public void Finish()
    {
        if (Finished) throw new InvalidOperationException($"the stage {Name} is finished already");
        IDurableFiles files = _store.Files;
        string[] outputs = [.. DurableFolders.FilesBelow(Path)
            .Where(f => f != StageManifest.FileName && !f.StartsWith(StatesName + "/", StringComparison.Ordinal))];
        files.SyncBelow(Path, outputs);
        _manifest = _manifest with { Outputs = [.. outputs.Select(f => _store.Known.Read(Path, f))] };
        WriteManifest();
        _verified.UnionWith(outputs);
        _store.Known.Save();
        _states.Clear();
        _store.Worked(Name, begins: false);
    }

    /// <summary>The newest state, with the stage's rows cut back to it.</summary>
    private SavedState? GoOn(bool fresh)
    {
        SavedState? state = _states.FindNewest();
        long length = state?.Cursors[MetricsCursor] ?? 0;
        if (length > 0 || System.IO.File.Exists(MetricsPath))
        {
            using var rows = new MetricsLog(MetricsPath);
            if (state is not null && rows.Length >= length && rows.CheckOf(length) != state.Cursors[MetricsCheck])
                throw new InputException($"rows from before {System.IO.Path.GetFileName(state.Folder)} of the stage {Name} have changed",
                    MetricsPath,
                    $"Restore that file, or do the stage again with --redo {Name}.");
            rows.CutTo(length);
        }
        if (state is not null) _store.Say($"{Name}: goes on from step {state.Step} ({System.IO.Path.GetFileName(state.Folder)})");
        else if (!fresh) _store.Say($"{Name}: was begun but has no complete state; starts over");
        return state;
    }

    private void WriteManifest() =>
        _store.Files.WriteFile(System.IO.Path.Combine(Path, StageManifest.FileName), stream => stream.Write(_manifest.ToBytes()));
}
