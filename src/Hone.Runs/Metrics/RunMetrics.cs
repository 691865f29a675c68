namespace Hone.Runs.Metrics;

/// <summary>
/// <c>metrics.jsonl</c> of a run: the rows of its stages one after the other, in the order in which the stages come. Each
/// stage keeps its own rows with its result; this file is made from them, so that whoever watches reads one file. Bytes
/// that are as they must be are not written again.
/// </summary>
internal sealed class RunMetrics(string path) : IDisposable
{
    private readonly FileStream _file = new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
    private long _at;

    /// <summary>The next stage begins, or is skipped, with the rows that it has.</summary>
    /// <param name="more">Whether it will add to them: what stands behind is cut off.</param>
    /// <returns>Whether other bytes stood in the place of a finished stage's rows.</returns>
    public bool Begin(ReadOnlySpan<byte> rows, bool more)
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
        return damaged;
    }

    /// <summary>A row of the stage begun last.</summary>
    public void Append(ReadOnlySpan<byte> row)
    {
        RandomAccess.Write(_file.SafeFileHandle, row, _at);
        _at += row.Length;
    }

    /// <summary>No stage follows: rows of stages that the run no longer has are cut off.</summary>
    public void End()
    {
        if (_file.Length != _at) _file.SetLength(_at);
    }

    public void Dispose() => _file.Dispose();
}
