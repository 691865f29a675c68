namespace Hone.Runs.Metrics;

/// <summary>
/// <c>metrics.jsonl</c> of a run: the rows of its stages one after the other, in the order in which the stages come. Each
/// stage keeps its own rows with its result; this file is made from them, so that whoever watches reads one file. Bytes
/// that are as they must be are not written again. Watchers are told of every row; one that fails is told no more.
/// </summary>
internal sealed class RunMetrics(string path, Action<string>? say = null, params IEnumerable<IMetricsWatcher> watchers) : IDisposable
{
    private readonly List<IMetricsWatcher> _watchers = [.. watchers];
    private readonly FileStream _file = new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
    private long _at;

    /// <summary>The next stage begins, or is skipped, with the rows that it has.</summary>
    /// <param name="stage">Its name.</param>
    /// <param name="rows">The bytes of its own metrics.</param>
    /// <param name="more">Whether it will add to them: what stands behind is cut off.</param>
    /// <returns>Whether other bytes stood in the place of a finished stage's rows.</returns>
    public bool Begin(string stage, ReadOnlySpan<byte> rows, bool more)
    {
        byte[] there = new byte[rows.Length];
        int read = RandomAccess.Read(_file.SafeFileHandle, there, _at);
        bool damaged = !more && !rows[..read].SequenceEqual(there.AsSpan(0, read));
        if (read < rows.Length || !rows.SequenceEqual(there))
        {
            _file.SetLength(_at);
            RandomAccess.Write(_file.SafeFileHandle, rows, _at);
        }
        _at += rows.Length;
        if (more) End();
        if (_watchers.Count > 0) Begin(stage, rows.ToArray(), more);
        return damaged;
    }

    /// <summary>A row of the stage begun last.</summary>
    public void Append(string stage, long step, IReadOnlyDictionary<string, double> values, ReadOnlySpan<byte> row)
    {
        RandomAccess.Write(_file.SafeFileHandle, row, _at);
        _at += row.Length;
        Tell(watcher => watcher.Append(stage, step, values));
    }

    /// <summary>All stages are done: rows of stages that the run no longer has are cut off.</summary>
    public void Finish()
    {
        End();
        Tell(watcher => watcher.End());
    }

    private void End()
    {
        if (_file.Length != _at) _file.SetLength(_at);
    }

    public void Dispose()
    {
        _file.Dispose();
        Tell(watcher => watcher.Dispose());
    }

    private void Begin(string stage, byte[] rows, bool more)
    {
        try
        {
            MetricsRow[] seen = [.. MetricsRow.Parse(rows, stage)];
            Tell(watcher => watcher.Begin(stage, seen, more));
        }
        catch (InputException)
        {
            // Damaged rows: whoever reads them for the result says so.
        }
    }

    private void Tell(Action<IMetricsWatcher> tell)
    {
        foreach (IMetricsWatcher watcher in _watchers.ToArray())
        {
            try
            {
                tell(watcher);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                _watchers.Remove(watcher);
                say?.Invoke($"metrics are no longer shown by {watcher.Name}, and are in {Path.GetFileName(path)}: {e.Message}");
            }
        }
    }
}
