using System.Buffers.Binary;
using System.IO.Compression;
using K4os.Compression.LZ4;

namespace Hone.Data;

/// <summary>Unpacks the pages of a Parquet file. Source: apache/parquet-format, <c>Compression.md</c>.</summary>
internal static class ParquetCodec
{
    public const int None = 0;
    private const int Snappy = 1, Gzip = 2, Brotli = 4, HadoopLz4 = 5, Zstd = 6, Lz4Raw = 7;

    /// <exception cref="NotSupportedException">The codec is not known.</exception>
    public static void RequireKnown(int codec)
    {
        if (codec is None or Snappy or Gzip or Brotli or HadoopLz4 or Zstd or Lz4Raw) return;
        throw new NotSupportedException($"the compression {(codec == 3 ? "LZO" : $"{codec}")} is not known; use zstd or snappy");
    }

    /// <summary>Fills <paramref name="target"/>, whose length the page's header gives, and nothing beyond it.</summary>
    /// <exception cref="FormatException">The bytes are damaged, or unpack to another length.</exception>
    public static void Unpack(int codec, byte[] packed, Span<byte> target)
    {
        int length = codec switch
        {
            None => Copy(packed, target),
            Snappy => Snappier.Snappy.TryDecompress(packed, target, out int written) ? written : -1,
            Gzip => Read(new GZipStream(new MemoryStream(packed), CompressionMode.Decompress), target),
            Brotli => Read(new BrotliStream(new MemoryStream(packed), CompressionMode.Decompress), target),
            Zstd => ZstdUnpack(packed, target),
            HadoopLz4 => Lz4Frames(packed, target),
            _ => LZ4Codec.Decode(packed, target),
        };
        if (length != target.Length)
            throw new FormatException($"a page unpacks to {(length < 0 ? "nothing" : $"{length} bytes")}, its header says {target.Length}");
    }

    private static int Copy(byte[] packed, Span<byte> target)
    {
        if (packed.Length != target.Length) return packed.Length;
        packed.CopyTo(target);
        return packed.Length;
    }

    private static int Read(Stream unpacked, Span<byte> target)
    {
        using (unpacked)
        {
            int read = unpacked.ReadAtLeast(target, target.Length, throwOnEndOfStream: false);
            return read == target.Length && unpacked.ReadByte() >= 0 ? read + 1 : read;
        }
    }

    private static int ZstdUnpack(byte[] packed, Span<byte> target)
    {
        using ZstdSharp.Decompressor decompressor = new();
        try
        {
            return decompressor.TryUnwrap(packed, target, out int written) ? written : -1;
        }
        catch (ZstdSharp.ZstdException)
        {
            return -1;
        }
    }

    // Hadoop's frames: unpacked and packed size, big-endian, then a raw block. Some writers leave the frames out.
    private static int Lz4Frames(ReadOnlySpan<byte> packed, Span<byte> target)
    {
        int read = 0, written = 0;
        while (packed.Length - read >= 8)
        {
            int unpackedSize = BinaryPrimitives.ReadInt32BigEndian(packed[read..]),
                packedSize = BinaryPrimitives.ReadInt32BigEndian(packed[(read + 4)..]);
            if (packedSize < 0 || unpackedSize < 0 || packedSize > packed.Length - read - 8 || unpackedSize > target.Length - written
                || LZ4Codec.Decode(packed.Slice(read + 8, packedSize), target.Slice(written, unpackedSize)) != unpackedSize)
                return LZ4Codec.Decode(packed, target);
            (read, written) = (read + 8 + packedSize, written + unpackedSize);
        }
        return read == packed.Length ? written : LZ4Codec.Decode(packed, target);
    }
}
