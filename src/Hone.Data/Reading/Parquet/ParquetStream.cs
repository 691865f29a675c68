namespace Hone.Data;

/// <summary>
/// What Parquet.Net is given to read in place of a file: a footer, and the pages of the column that it reads at the time, which
/// were checked before. Reading beyond them throws, where Parquet.Net takes the end of a stream for bytes of 255 and goes on.
/// </summary>
internal sealed class ParquetStream(long footerStart, byte[] footer) : Stream
{
    private readonly byte[] _head = [.. "PAR1"u8], _tail = [.. footer, .. BitConverter.GetBytes(footer.Length), .. "PAR1"u8];
    private ReadOnlyMemory<byte> _pages;
    private long _pagesStart;

    /// <summary>From now on these pages stand at the offset; no others can be read.</summary>
    public void Pages(long start, ReadOnlyMemory<byte> pages) => (_pagesStart, _pages) = (start, pages);

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => footerStart + _tail.Length;

    public override long Position { get; set; }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        if (buffer.Length == 0) return 0;
        int read = Copy(_pages.Span, _pagesStart, buffer);
        // The pages may be longer than they were in the file: they go before what stood behind them.
        if (read == 0 && _pages.IsEmpty) read = Copy(_head, 0, buffer) is > 0 and int head ? head : Copy(_tail, footerStart, buffer);
        if (read == 0) throw new EndOfStreamException("a page ends too early");
        Position += read;
        return read;
    }

    private int Copy(ReadOnlySpan<byte> bytes, long start, Span<byte> buffer)
    {
        if (Position < start || Position >= start + bytes.Length) return 0;
        ReadOnlySpan<byte> rest = bytes[(int)(Position - start)..];
        int count = Math.Min(rest.Length, buffer.Length);
        rest[..count].CopyTo(buffer);
        return count;
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
