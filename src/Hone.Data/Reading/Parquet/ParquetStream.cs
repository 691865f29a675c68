namespace Hone.Data;

/// <summary>
/// A Parquet file whose footer is replaced, and of which only the pages between two offsets can be read; reading on
/// throws. Parquet.Net takes the end of a stream for bytes of 255 and goes on.
/// </summary>
internal sealed class ParquetStream : Stream
{
    private readonly Stream _file;
    private readonly long _footerStart;
    private readonly byte[] _tail;

    public ParquetStream(Stream file, long footerStart, byte[] footer)
    {
        _file = file;
        _footerStart = footerStart;
        _tail = [.. footer, .. BitConverter.GetBytes(footer.Length), .. "PAR1"u8];
        Limit = 4;
    }

    /// <summary>No byte of the file's pages from here on can be read.</summary>
    public long Limit { get; set; }

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => _footerStart + _tail.Length;

    public override long Position { get; set; }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        if (buffer.Length == 0) return 0;
        int read;
        if (Position >= _footerStart)
        {
            ReadOnlySpan<byte> rest = _tail.AsSpan((int)Math.Min(Position - _footerStart, _tail.Length));
            read = Math.Min(rest.Length, buffer.Length);
            rest[..read].CopyTo(buffer);
        }
        else
        {
            if (_file.Position != Position) _file.Position = Position;
            read = Position < Limit ? _file.Read(buffer[..(int)Math.Min(buffer.Length, Limit - Position)]) : 0;
        }
        if (read == 0) throw new EndOfStreamException("a page ends too early");
        Position += read;
        return read;
    }

    public override int ReadByte()
    {
        Span<byte> one = stackalloc byte[1];
        ReadExactly(one);
        return one[0];
    }

    public override long Seek(long offset, SeekOrigin origin)
    {
        long target = offset + (origin == SeekOrigin.Begin ? 0 : origin == SeekOrigin.Current ? Position : Length);
        return Position = target >= 0 ? target : throw new IOException("before the start of the file");
    }

    public override void Flush() => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
