using Hone.Runs.Metrics;

namespace Hone.Runs;

/// <summary>The folder of one stage: its result, and while it runs its training states.</summary>
public sealed class StageFolder
{
    private const string StatesName = "states";
    private const string MetricsCursor = "metrics_bytes", MetricsCheck = "metrics_check";
    private readonly MetricsLog _metrics;
    private readonly IDurableFiles _files;
    private readonly StateStore _states;
    private StageManifest _manifest;

    internal StageFolder(string name, string path, StageManifest manifest, bool fresh, MetricsLog metrics, IDurableFiles files, int keep,
        Action<string> say)
    {
        (Name, Path, _manifest, _metrics, _files) = (name, path, manifest, metrics, files);
        _states = new StateStore(System.IO.Path.Combine(path, StatesName), files, keep, say);
        if (fresh)
        {
            files.CreateFolders(path);
            WriteManifest();
        }
        files.DeleteTemporary(path);
        if (Finished)
        {
            _states.Clear(); // a kill right after Finish leaves them
            return;
        }
        Resume = _states.FindNewest();
        if (Resume is { } state && metrics.Length >= state.Cursors[MetricsCursor] && metrics.CheckOf(state.Cursors[MetricsCursor]) != state.Cursors[MetricsCheck])
            throw new InputException($"rows from before {System.IO.Path.GetFileName(state.Folder)} of the stage {name} have changed", metrics.Path,
                $"Restore that file, or do the stage again with --redo {name}.");
        metrics.CutTo(Resume?.Cursors[MetricsCursor] ?? manifest.MetricsAtStart);
        if (Resume is not null) say($"{name}: goes on from step {Resume.Step} ({System.IO.Path.GetFileName(Resume.Folder)})");
        else if (!fresh) say($"{name}: was begun but has no complete state; starts over");
    }

    public string Name { get; }

    public string Path { get; }

    /// <summary>Whether the result is there, verified: nothing is to be done.</summary>
    public bool Finished => _manifest.Outputs is not null;

    /// <summary>The state to go on from; null starts at the beginning.</summary>
    public SavedState? Resume { get; }

    /// <summary>One hash for the whole result; null until finished.</summary>
    public string? Digest => _manifest.Outputs is { } outputs ? FileDigest.Combined(outputs) : null;

    /// <summary>Path of a file or folder of the result.</summary>
    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Saves the training state after <paramref name="step"/> steps together with the place in the metrics file.</summary>
    /// <exception cref="InputException">The disk is full or refused a write; the last complete state is intact.</exception>
    public SavedState SaveState(int step, Action<StateWriter> write) =>
        _states.Save(step, new Dictionary<string, long> { [MetricsCursor] = _metrics.Sync(), [MetricsCheck] = _metrics.CheckOf(_metrics.Length) }, write);

    /// <summary>Makes all files of the result durable, records them, and removes the training states.</summary>
    public void Finish()
    {
        if (Finished) throw new InvalidOperationException($"the stage {Name} is finished already");
        string[] outputs = [.. DurableFolders.FilesBelow(Path)
            .Where(f => f != StageManifest.FileName && !f.StartsWith(StatesName + "/", StringComparison.Ordinal))];
        foreach (string output in outputs) _files.Sync(System.IO.Path.Combine(Path, output));
        foreach (string inner in Directory.EnumerateDirectories(Path, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
            _files.SyncFolder(inner);
        _files.SyncFolder(Path);
        _manifest = _manifest with { MetricsAtEnd = _metrics.Sync(), MetricsCheck = _metrics.CheckOf(_metrics.Length), Outputs = [.. outputs.Select(f => FileDigest.Of(Path, f))] };
        WriteManifest();
        _states.Clear();
    }

    private void WriteManifest() => _files.WriteWhole(System.IO.Path.Combine(Path, StageManifest.FileName), _manifest.ToBytes());
}
