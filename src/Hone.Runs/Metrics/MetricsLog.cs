using System.Text.Json;

namespace Hone.Runs.Metrics;

/// <summary>
/// <c>metrics.jsonl</c> of a stage: rows <c>{"stage":"sft","step":10,"loss":2.5}</c>. It holds only what the seed decides, so that a
/// resumed run ends with the same bytes as an unbroken one; times and speeds belong into a log of their own. Numbers
/// are written so that they read back exactly; those that are not finite as the texts NaN, Infinity and -Infinity.
/// </summary>
internal sealed class MetricsLog : IDisposable
{
    private const string Mend = "Restore the file, or do the stage again with --redo.";
    private readonly FileStream _file;

    /// <summary>Opens or makes the file; a last line without its end, left by a kill, is cut off.</summary>
    public MetricsLog(string path)
    {
        Path = path;
        _file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
        long end = EndOfLastLine();
        if (end != _file.Length) _file.SetLength(end);
        _file.Seek(0, SeekOrigin.End);
    }

    public string Path { get; }

    /// <summary>Bytes written.</summary>
    public long Length => _file.Length;

    /// <summary>Adds a row and returns it; it reaches the operating system before this returns, so a kill does not lose it.</summary>
    public byte[] Append(string stage, long step, IEnumerable<KeyValuePair<string, double>> values)
    {
        byte[] row = Row(stage, step, values);
        _file.Write(row);
        return row;
    }

    /// <summary>Waits until all rows are on the disk; returns the length to store with a training state.</summary>
    public long Sync()
    {
        _file.Flush(flushToDisk: true);
        return _file.Length;
    }

    /// <summary>
    /// The first 8 bytes of the SHA-256 of the file up to a length: kept with it, it shows any change of the rows before.
    /// </summary>
    public long CheckOf(long length)
    {
        using var sha = System.Security.Cryptography.IncrementalHash.CreateHash(System.Security.Cryptography.HashAlgorithmName.SHA256);
        byte[] buffer = new byte[1 << 16];
        for (long at = 0; at < length;)
        {
            int read = RandomAccess.Read(_file.SafeFileHandle, buffer.AsSpan(0, (int)Math.Min(buffer.Length, length - at)), at);
            if (read == 0) throw new InputException($"{at} bytes, where {length} are expected: rows are lost", Path, Mend);
            sha.AppendData(buffer.AsSpan(0, read));
            at += read;
        }
        return System.Buffers.Binary.BinaryPrimitives.ReadInt64BigEndian(sha.GetHashAndReset());
    }

    /// <summary>Takes back the rows behind a stored length.</summary>
    /// <exception cref="InputException">
    /// The file is shorter, or the length is not the end of a row: rows were removed or changed.
    /// </exception>
    public void CutTo(long length)
    {
        if (length > _file.Length)
            throw new InputException($"{_file.Length} bytes, but the saved state was made with {length}: rows are lost", Path, Mend);
        if (length > 0)
        {
            _file.Seek(length - 1, SeekOrigin.Begin);
            if (_file.ReadByte() != '\n')
                throw new InputException($"byte {length}, where the saved state belongs, ends no row: the file was changed", Path, Mend);
        }
        _file.SetLength(length);
        _file.Seek(0, SeekOrigin.End);
    }

    public void Dispose() => _file.Dispose();

    internal static byte[] Row(string stage, long step, IEnumerable<KeyValuePair<string, double>> values)
    {
        using MemoryStream line = new();
        using (Utf8JsonWriter json = new(line))
        {
            json.WriteStartObject();
            json.WriteString("stage", stage);
            json.WriteNumber("step", step);
            foreach ((string name, double value) in values)
            {
                if (double.IsFinite(value)) json.WriteNumber(name, value);
                else json.WriteString(name, value.ToString(System.Globalization.CultureInfo.InvariantCulture));
            }
            json.WriteEndObject();
        }
        line.WriteByte((byte)'\n');
        return line.ToArray();
    }

    private long EndOfLastLine()
    {
        for (long at = _file.Length; at > 0; at--)
        {
            _file.Seek(at - 1, SeekOrigin.Begin);
            if (_file.ReadByte() == '\n') return at;
        }
        return 0;
    }
}
