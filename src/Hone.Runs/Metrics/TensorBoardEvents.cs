using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Hone.Runs.Metrics;

/// <summary>
/// Scalars for TensorBoard: a file of records (length, masked CRC of the length, data, masked CRC of the data), each a
/// protobuf <c>tensorflow.Event</c>. It is derived from the metrics and made anew whenever a stage is taken up, so it needs no
/// state of its own.
/// </summary>
internal sealed class TensorBoardEvents : IDisposable
{
    private readonly FileStream _file;
    private readonly TimeProvider _clock;

    private TensorBoardEvents(string path, TimeProvider clock)
    {
        _file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read);
        _clock = clock;
        Write([.. Double(field: 1, Now()), .. Bytes(field: 3, "brain.Event:2"u8)]);
        // A session log that starts: a TensorBoard that watches drops what an earlier file of the folder had from this step on.
        Write([.. Double(field: 1, Now()), 2 << 3, 0, .. Bytes(field: 7, [1 << 3, 1])]);
        _file.Flush();
    }

    /// <summary>A new file in a folder, which is made where missing.</summary>
    public static TensorBoardEvents In(string folder, TimeProvider clock)
    {
        Directory.CreateDirectory(folder);
        // TensorBoard looks for tfevents in the name, and takes files in the order of their names.
        string name = string.Create(CultureInfo.InvariantCulture, $"events.out.tfevents.{clock.GetUtcNow().ToUnixTimeSeconds():D10}.hone");
        return new TensorBoardEvents(Path.Combine(folder, name), clock);
    }

    /// <summary>Adds the values of a row as scalars; they reach the operating system before this returns.</summary>
    public void Append(long step, IEnumerable<KeyValuePair<string, double>> values)
    {
        List<byte> summary = [];
        foreach ((string name, double value) in values)
        {
            byte[] number = new byte[4];
            BinaryPrimitives.WriteSingleLittleEndian(number, (float)value);
            byte[] tag = Encoding.UTF8.GetBytes(MetricTags.Of(name));
            summary.AddRange(Bytes(field: 1, [.. Bytes(field: 1, tag), (2 << 3) | 5, .. number]));
        }
        Write([.. Double(field: 1, Now()), 2 << 3, .. Varint((ulong)step), .. Bytes(field: 5, [.. summary])]);
        _file.Flush();
    }

    public void Dispose() => _file.Dispose();

    private double Now() => _clock.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0;

    private void Write(byte[] data)
    {
        Span<byte> length = stackalloc byte[8];
        Span<byte> crc = stackalloc byte[4];
        BinaryPrimitives.WriteInt64LittleEndian(length, data.Length);
        _file.Write(length);
        BinaryPrimitives.WriteUInt32LittleEndian(crc, Crc32C.Masked(length));
        _file.Write(crc);
        _file.Write(data);
        BinaryPrimitives.WriteUInt32LittleEndian(crc, Crc32C.Masked(data));
        _file.Write(crc);
    }

    /// <summary>A field of wire type 1: 8 bytes.</summary>
    private static byte[] Double(int field, double value)
    {
        byte[] bytes = new byte[9];
        bytes[0] = (byte)((field << 3) | 1);
        BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(1), value);
        return bytes;
    }

    /// <summary>A field of wire type 2: a length and that many bytes.</summary>
    private static byte[] Bytes(int field, ReadOnlySpan<byte> content) =>
        [(byte)((field << 3) | 2), .. Varint((ulong)content.Length), .. content];

    private static byte[] Varint(ulong value)
    {
        List<byte> bytes = [];
        for (; value >= 0x80; value >>= 7) bytes.Add((byte)(value | 0x80));
        return [.. bytes, (byte)value];
    }
}
