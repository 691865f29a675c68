using System.Buffers.Binary;
using System.Text;

namespace Hone.Runs.Metrics;

/// <summary>
/// Scalars for TensorBoard: a file of records (length, masked CRC of the length, data, masked CRC of the data), each a
/// protobuf <c>tensorflow.Event</c>. It is derived from <c>metrics.jsonl</c> and made anew whenever a run is opened, so
/// it needs no state of its own.
/// </summary>
internal sealed class TensorBoardEvents : IDisposable
{
    /// <summary>TensorBoard looks for <c>tfevents</c> in the name.</summary>
    public const string FileName = "events.out.tfevents.0.hone";

    private readonly FileStream _file;
    private readonly TimeProvider _clock;

    private TensorBoardEvents(string path, TimeProvider clock)
    {
        _file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read);
        _clock = clock;
        Write([.. Double(field: 1, Now()), .. Bytes(field: 3, "brain.Event:2"u8)]);
    }

    /// <summary>Writes the events of all rows of a metrics file; more can be appended.</summary>
    public static TensorBoardEvents FromMetrics(string metricsPath, string path, TimeProvider clock)
    {
        TensorBoardEvents events = new(path, clock);
        if (File.Exists(metricsPath))
        {
            foreach (MetricsRow row in MetricsRow.Read(metricsPath)) events.Append(row.Stage, row.Step, row.Values);
        }
        return events;
    }

    /// <summary>Adds the values of a row as scalars named <c>STAGE/NAME</c>.</summary>
    public void Append(string stage, long step, IEnumerable<KeyValuePair<string, double>> values)
    {
        List<byte> summary = [];
        foreach ((string name, double value) in values)
        {
            byte[] number = new byte[4];
            BinaryPrimitives.WriteSingleLittleEndian(number, (float)value);
            summary.AddRange(Bytes(field: 1, [.. Bytes(field: 1, Encoding.UTF8.GetBytes($"{stage}/{name}")), (2 << 3) | 5, .. number]));
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
