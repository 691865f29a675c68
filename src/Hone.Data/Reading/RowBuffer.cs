namespace Hone.Data;

/// <summary>A window over a stream that grows until a whole row fits, up to a limit, and counts lines.</summary>
internal sealed class RowBuffer(Stream stream, string path, int maxRow = RowBuffer.MaxRow)
{
    /// <summary>A longer row is refused before memory is taken for it. Bytes.</summary>
    public const int MaxRow = 64 << 20;

    private byte[] _bytes = new byte[1 << 16];
    private int _start;
    private int _end;

    /// <summary>Line of the window's first byte, from 1.</summary>
    public long Line { get; private set; } = 1;

    /// <summary>Whether the window reaches to the end of the stream.</summary>
    public bool AtEnd { get; private set; }

    public ReadOnlySpan<byte> Window => _bytes.AsSpan(_start, _end - _start);

    public string Where => $"{path}:{Line}";

    /// <summary>Reads further bytes into the window.</summary>
    /// <exception cref="InputException">The row in the window is longer than a row may be, or the file is damaged.</exception>
    public void Fill()
    {
        if (_start > 0)
        {
            Window.CopyTo(_bytes);
            (_start, _end) = (0, _end - _start);
        }
        if (_end == _bytes.Length)
        {
            if (_bytes.Length >= maxRow)
            {
                throw new InputException(
                    $"a row is longer than {maxRow >> 20} MiB", Where, "Is this a file of rows (one JSON object per line, or an array)?");
            }
            Array.Resize(ref _bytes, Math.Min(2 * _bytes.Length, maxRow));
        }
        try
        {
            int read = stream.ReadAtLeast(_bytes.AsSpan(_end), _bytes.Length - _end, throwOnEndOfStream: false);
            AtEnd = _end + read < _bytes.Length;
            _end += read;
        }
        catch (InvalidDataException e)
        {
            throw new InputException($"the compressed file is damaged or cut short: {e.Message}", Where, inner: e);
        }
    }

    public void Consume(int count)
    {
        Line += _bytes.AsSpan(_start, count).Count((byte)'\n');
        _start += count;
    }

    /// <summary>Consumes a byte-order mark, to be called once at the start.</summary>
    public void SkipByteOrderMark()
    {
        Fill();
        if (Window.StartsWith("\uFEFF"u8)) Consume(3);
    }

    /// <summary>Consumes JSON white space; false at the end of the stream.</summary>
    public bool SkipWhiteSpace()
    {
        while (true)
        {
            int at = Window.IndexOfAnyExcept(" \t\r\n"u8);
            if (at >= 0)
            {
                Consume(at);
                return true;
            }
            Consume(Window.Length);
            if (AtEnd) return false;
            Fill();
        }
    }
}
