using System.IO.Compression;
using ZstdSharp;
using ZstdSharp.Unsafe;

namespace Hone.Data;

/// <summary>
/// Unpacks a <c>.gz</c> or <c>.zst</c> while it is read. Bounded: the window of zstd to 128 MiB (what <c>zstd</c> itself
/// allows without --long), and the whole to <see cref="MaxRatio"/> times the packed size.
/// </summary>
internal sealed class UnpackedStream : Stream
{
    /// <summary>Unpacked over packed size; rows of text reach 5 to 50. Not held against the first <see cref="Free"/> bytes.</summary>
    internal const int MaxRatio = 500;

    internal const long Free = 64 << 20;

    private const string Gzip = ".gz", Zstd = ".zst";

    private readonly Stream _file;
    private readonly Stream _unpacked;
    private readonly string _path;
    private long _bytes;

    // By default .NET takes a .gz that ends in the middle for a complete one. It asks once per process, so this comes
    // before the first GZipStream here; a host that has set the switch itself is left alone.
    static UnpackedStream()
    {
        const string StrictValidation = "System.IO.Compression.UseStrictValidation";
        if (!AppContext.TryGetSwitch(StrictValidation, out _)) AppContext.SetSwitch(StrictValidation, true);
    }

    /// <param name="file">The packed bytes; must know its position.</param>
    /// <param name="packing">Of <see cref="Packing"/>.</param>
    /// <param name="path">For messages.</param>
    public UnpackedStream(Stream file, string packing, string path)
    {
        (_file, _path) = (file, path);
        if (packing == Gzip) _unpacked = new GZipStream(file, CompressionMode.Decompress);
        else
        {
            DecompressionStream zstd = new(file, bufferSize: 1 << 16);
            zstd.SetParameter(ZSTD_dParameter.ZSTD_d_windowLogMax, 27);
            _unpacked = zstd;
        }
    }

    /// <summary>The ending of a packed file, or null.</summary>
    public static string? Packing(string path) =>
        new[] { Gzip, Zstd }.FirstOrDefault(p => path.EndsWith(p, StringComparison.OrdinalIgnoreCase));

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

    /// <exception cref="InvalidDataException">The packed bytes are damaged or cut short.</exception>
    /// <exception cref="InputException">They unpack to far more than any data does.</exception>
    public override int Read(Span<byte> buffer)
    {
        int read;
        try
        {
            read = _unpacked.Read(buffer);
        }
        catch (Exception e) when (e is ZstdException or EndOfStreamException)
        {
            throw new InvalidDataException(e.Message, e);
        }
        _bytes += read;
        if (_bytes > Free && _bytes > MaxRatio * _file.Position)
            throw new InputException($"the compressed file unpacks to more than {MaxRatio} times its size", _path,
                "Unpack it yourself if that is right.");
        return read;
    }

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _unpacked.Dispose();
            _file.Dispose();
        }
        base.Dispose(disposing);
    }
}
