using ZstdSharp;

namespace Hone.Data;

/// <summary>
/// Unpacks a .zst file. The library reports damage by an exception of its own, and takes a file that ends in the middle for
/// a complete one; here both are <see cref="InvalidDataException"/>, as they are for .gz. Its window is 128 MiB at most.
/// </summary>
internal sealed class ZstdStream(Stream packed) : Stream
{
    private readonly DecompressionStream _inner = new(packed, checkEndOfStream: true, leaveOpen: false);

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(Span<byte> buffer)
    {
        try
        {
            return _inner.Read(buffer);
        }
        catch (Exception e) when (e is ZstdException or EndOfStreamException)
        {
            throw new InvalidDataException(e.Message, e);
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) _inner.Dispose();
        base.Dispose(disposing);
    }
}
