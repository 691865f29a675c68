using System.Buffers;
using System.Text;
using System.Text.Unicode;
using Hone.Text;

namespace Hone.Data;

/// <summary>
/// Reads bytes through and throws at the first that is not UTF-8, naming its offset. .NET's own readers would replace
/// such bytes with U+FFFD, and the damage would be trained on.
/// </summary>
internal sealed class CheckedUtf8Stream(Stream inner, string where) : Stream
{
    // At most 3 bytes of a code point that the next read completes.
    private readonly byte[] _tail = new byte[4];
    private int _tailLength;
    private long _checked;
    private bool _utf16;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        int count = inner.Read(buffer);
        if (_checked == 0 && _tailLength == 0) _utf16 = RegularFile.IsUtf16(buffer[..count]);
        if (count == 0 && _tailLength > 0 && buffer.Length > 0) throw Invalid();
        Check(buffer[..count]);
        return count;
    }

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) inner.Dispose();
        base.Dispose(disposing);
    }

    private void Check(ReadOnlySpan<byte> bytes)
    {
        while (_tailLength > 0 && bytes.Length > 0)
        {
            _tail[_tailLength++] = bytes[0];
            bytes = bytes[1..];
            OperationStatus status = Rune.DecodeFromUtf8(_tail.AsSpan(0, _tailLength), out _, out int consumed);
            if (status == OperationStatus.InvalidData) throw Invalid();
            if (status != OperationStatus.Done) continue;
            _checked += consumed;
            _tailLength = 0;
        }
        if (bytes.Length == 0) return;
        int valid = ValidPrefix(bytes, out bool incomplete);
        _checked += valid;
        bytes = bytes[valid..];
        if (bytes.Length > 0 && !incomplete) throw Invalid();
        bytes.CopyTo(_tail);
        _tailLength = bytes.Length;
    }

    private static int ValidPrefix(ReadOnlySpan<byte> bytes, out bool incomplete)
    {
        incomplete = false;
        if (Utf8.IsValid(bytes)) return bytes.Length;
        int at = 0;
        while (at < bytes.Length)
        {
            OperationStatus status = Rune.DecodeFromUtf8(bytes[at..], out _, out int consumed);
            if (status != OperationStatus.Done)
            {
                incomplete = status == OperationStatus.NeedMoreData;
                break;
            }
            at += consumed;
        }
        return at;
    }

    private InputException Invalid() => _utf16 ? RegularFile.Utf16(where)
        : new($"not UTF-8: the byte at offset {_checked} does not belong to any character", where,
            "Save the file as UTF-8, for example with: iconv -f LATIN1 -t UTF-8 OLD > NEW");
}
