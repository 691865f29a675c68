using System.Buffers.Binary;
using System.Text;
using Hone.Runs.Metrics;

namespace Hone.Runs.Tests.Metrics;

public class TensorBoardEventsTests
{
    /// <summary>RFC 3720, appendix B.4, and the customary check value of "123456789".</summary>
    [Fact]
    public void Crc_agrees_with_rfc_3720()
    {
        Assert.Equal(0x8A9136AAu, Crc32C.Of(new byte[32]));
        Assert.Equal(0x62A8AB43u, Crc32C.Of([.. Enumerable.Repeat((byte)0xFF, 32)]));
        Assert.Equal(0x46DD794Eu, Crc32C.Of([.. Enumerable.Range(0, 32).Select(i => (byte)i)]));
        Assert.Equal(0x113FDB5Cu, Crc32C.Of([.. Enumerable.Range(0, 32).Select(i => (byte)(31 - i))]));
        Assert.Equal(0xE3069283u, Crc32C.Of("123456789"u8));
    }

    /// <summary>The record header that begins every TensorBoard file: 24 bytes follow, and their masked CRC.</summary>
    [Fact]
    public void The_first_record_has_the_published_header()
    {
        using TempFolder folder = new();
        TensorBoardEvents.In(folder.Path, new TestClock()).Dispose();
        byte[] bytes = File.ReadAllBytes(EventFile(folder.Path));
        Assert.Equal([0x18, 0, 0, 0, 0, 0, 0, 0, 0xA3, 0x7F, 0x4B, 0x22], bytes[..12]);
        Assert.Equal(12 + 24 + 4 + (12 + 15 + 4), bytes.Length);
        Assert.Equal(0x1A, bytes[12 + 9]);
        Assert.Equal("brain.Event:2", Encoding.ASCII.GetString(bytes, 12 + 11, 13));
    }

    [Fact]
    public void Rows_read_back_as_scalars_under_the_tags_of_trl()
    {
        using TempFolder folder = new();
        TestClock clock = new();
        using (TensorBoardEvents events = TensorBoardEvents.In(folder.Path, clock))
        {
            events.Append(1, [new("loss", 2.5), new("lr", 1e-5)]);
            events.Append(300, [new("rewards/margins", double.NaN), new("eval/loss", -1), new(new string('x', 200), 3)]);
        }
        List<(double Time, long Step, string Tag, float Value)> scalars = [.. Scalars(File.ReadAllBytes(EventFile(folder.Path)))];
        Assert.Equal([(1L, "train/loss", 2.5f), (1, "train/learning_rate", 1e-5f), (300, "train/rewards/margins", float.NaN),
            (300, "eval/loss", -1f), (300, "train/" + new string('x', 200), 3f)], scalars.Select(s => (s.Step, s.Tag, s.Value)));
        Assert.All(scalars, s => Assert.Equal(clock.Now.ToUnixTimeSeconds(), s.Time));
    }

    /// <summary>Written at the end of a run alone, they could not be watched.</summary>
    [Fact]
    public void A_row_can_be_read_as_soon_as_it_is_written()
    {
        using TempFolder folder = new();
        using var runs = new TensorBoardRuns(folder.Path, new TestClock());
        runs.Begin("online-1/dpo", [], more: true);
        Assert.False(Directory.Exists(folder.File("online-1"))); // a stage that measures nothing has none
        runs.Append("online-1/dpo", 1, new Dictionary<string, double> { ["loss"] = 0.5 });
        Assert.Equal([(1L, "train/loss", 0.5f)], Read());

        // Taken up from an earlier state: rows that were cut back are gone, and nothing is there twice.
        runs.Begin("online-1/dpo", [new MetricsRow("online-1/dpo", 1, new Dictionary<string, double> { ["loss"] = 0.25 })], more: true);
        Assert.Equal([(1L, "train/loss", 0.25f)], Read());
        Assert.Single(Directory.GetFiles(folder.File("online-1/dpo")));

        IEnumerable<(long, string, float)> Read()
        {
            using var file = new FileStream(EventFile(folder.File("online-1/dpo")), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            byte[] bytes = new byte[file.Length];
            file.ReadExactly(bytes);
            return [.. Scalars(bytes).Select(s => (s.Item2, s.Item3, s.Item4))];
        }
    }

    private static string EventFile(string folder) => Assert.Single(Directory.GetFiles(folder, "*tfevents*"));

    /// <summary>A plain reader of record files and of the few protobuf fields used.</summary>
    private static IEnumerable<(double, long, string, float)> Scalars(byte[] file)
    {
        for (int at = 0; at < file.Length;)
        {
            int length = (int)BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(at));
            Assert.Equal(Unmask(file.AsSpan(at + 8)), Crc32C.Of(file.AsSpan(at, 8)));
            byte[] data = file[(at + 12)..(at + 12 + length)];
            Assert.Equal(Unmask(file.AsSpan(at + 12 + length)), Crc32C.Of(data));
            at += length + 16;
            Dictionary<int, byte[]> record = Fields(data).ToDictionary(f => f.Number, f => f.Content);
            if (!record.TryGetValue(5, out byte[]? summary)) continue;
            foreach ((_, byte[] value) in Fields(summary))
            {
                Dictionary<int, byte[]> scalar = Fields(value).ToDictionary(f => f.Number, f => f.Content);
                yield return (BitConverter.ToDouble(record[1]), (long)ReadVarint(record[2], 0, out _), Encoding.UTF8.GetString(scalar[1]),
                    BitConverter.ToSingle(scalar[2]));
            }
        }
    }

    private static uint Unmask(ReadOnlySpan<byte> stored)
    {
        uint rotated = unchecked(BinaryPrimitives.ReadUInt32LittleEndian(stored) - 0xa282ead8u);
        return (rotated >> 17) | (rotated << 15);
    }

    private static IEnumerable<(int Number, byte[] Content)> Fields(byte[] data)
    {
        for (int at = 0; at < data.Length;)
        {
            ulong key = ReadVarint(data, at, out at);
            int start = at;
            int end = (key & 7) switch
            {
                0 => Skip(data, at),
                1 => at + 8,
                5 => at + 4,
                2 => (int)ReadVarint(data, at, out start) + start,
                _ => throw new FormatException()
            };
            yield return ((int)(key >> 3), data[start..end]);
            at = end;
        }
    }

    private static int Skip(byte[] data, int at)
    {
        ReadVarint(data, at, out int next);
        return next;
    }

    private static ulong ReadVarint(byte[] data, int at, out int next)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte b = data[at++];
            value |= (ulong)(b & 0x7f) << shift;
            if (b < 0x80) break;
        }
        next = at;
        return value;
    }
}
