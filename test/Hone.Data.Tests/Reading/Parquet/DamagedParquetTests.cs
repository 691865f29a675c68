using System.Buffers.Binary;
using System.Diagnostics;
using Parquet;

namespace Hone.Data.Tests;

/// <summary>Wrong and malicious Parquet files end in a message, in bounded time and memory.</summary>
public class DamagedParquetTests
{
    private static readonly Lazy<byte[]> s_file = new(() => Bytes(CompressionMethod.Snappy));

    [Fact]
    public void A_file_cut_short_says_so_wherever_it_is_cut()
    {
        using TempFolder folder = new();
        string path = folder.File("pairs.parquet");
        for (int length = 0; length < s_file.Value.Length; length += 13)
        {
            File.WriteAllBytes(path, s_file.Value[..length]);
            InputException e = Assert.Throws<InputException>(() => DataReader.ReadPreferences(path, new DataReport(path)).Count());
            Assert.Equal($"{path}: the Parquet file is cut short: its end, where the footer is, is missing\n  Was the "
                + "file copied completely?", e.Message);
        }
    }

    [Fact]
    public void Other_files_under_the_name_are_told_apart()
    {
        Assert.StartsWith("this is not a Parquet file (it does not begin with PAR1)", Refused([.. "{\"prompt\": \"a\"}"u8]));
        Assert.StartsWith("the Parquet file is encrypted", Refused([.. "PARE"u8, .. new byte[20], .. "PARE"u8]));
        byte[] file = [.. s_file.Value];
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(file.Length - 8), int.MaxValue);
        Assert.StartsWith($"the Parquet file is damaged, the footer: 2147483647 bytes in a file of {file.Length}", Refused(file));
    }

    [Fact]
    public void A_text_that_is_not_utf8_is_an_error_with_its_row()
    {
        byte[] file = Bytes(CompressionMethod.None);
        // In the page, after its length; not in the statistics.
        int at = file.AsSpan().IndexOf((byte[])[12, 0, 0, 0, .. "bad answer 3"u8]) + 4;
        file[at] = 0xE9;
        using TempFolder folder = new();
        File.WriteAllBytes(folder.File("pairs.parquet"), file);
        InputException e = Assert.Throws<InputException>(() => DataReader.ReadPreferences(folder.File("pairs.parquet"), new DataReport("x"))
            .Count());
        Assert.Equal($"{folder.File("pairs.parquet")}:row 4: the Parquet file is damaged, row group 1 of 2: a text is not UTF-8\n  Was the "
            + "file copied completely?", e.Message);
    }

    /// <summary>Whatever bytes are changed, the answer is rows or a message, and it comes at once.</summary>
    [Theory]
    [InlineData(CompressionMethod.None)]
    [InlineData(CompressionMethod.Snappy)]
    [InlineData(CompressionMethod.Zstd)]
    public void Changed_bytes_never_crash_or_hang(CompressionMethod compression)
    {
        byte[] file = Bytes(compression);
        Random random = new(7);
        using TempFolder folder = new();
        string path = folder.File("pairs.parquet");
        int refused = 0;
        for (int i = 0; i < 800; i++)
        {
            byte[] changed = [.. file];
            for (int k = random.Next(1, 5); k > 0; k--) changed[random.Next(4, changed.Length - 4)] = (byte)random.Next(256);
            File.WriteAllBytes(path, changed);
            long start = Stopwatch.GetTimestamp();
            try
            {
                _ = DataReader.Records(path).Count();
            }
            catch (InputException)
            {
                refused++;
            }
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(10), $"change {i} took {Stopwatch.GetElapsedTime(start)}");
        }
        Assert.InRange(refused, 100, 800);
    }

    [Fact]
    public void Pages_that_unpack_beyond_the_limit_are_refused_before_they_are_unpacked()
    {
        using TempFolder folder = new();
        string path = folder.File("texts.parquet");
        ParquetFiles.Write(path, Enumerable.Range(0, 5000).Select(i => new TextOnly { text = $"{i}{new string('a', 1000)}" }).ToArray(),
            CompressionMethod.Zstd, rowGroup: 5000);
        byte[] file = File.ReadAllBytes(path);
        Assert.True(file.Length < 500_000);
        int footer = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(file.Length - 8));
        ParquetFooter read = ParquetFooter.Read(file.AsSpan(file.Length - 8 - footer, footer));
        ParquetChunk chunk = read.Groups[0].Chunks["text"];
        ParquetNode text = ParquetNode.Tree(read.Schema).Leaves.Single();
        using MemoryStream stream = new(file);
        FormatException e = Assert.Throws<FormatException>(() =>
            new ParquetPages(stream, file.Length - 8 - footer, maxBytes: 4 << 20).Read(chunk, text));
        Assert.Equal("unpacked, the row group is larger than 4 MiB", e.Message);
        Assert.InRange(new ParquetPages(stream, file.Length - 8 - footer, maxBytes: 6 << 20).Read(chunk, text).Length, 4 << 20, 6 << 20);
    }

    /// <summary>A footer may name the same pages again and again: a small file of endless rows.</summary>
    [Fact]
    public void Pages_that_are_claimed_over_and_over_end_in_a_message()
    {
        using TempFolder folder = new();
        string path = folder.File("texts.parquet");
        ParquetFiles.Write(path, Enumerable.Range(0, 3000).Select(i => new TextOnly { text = $"{i}{new string('a', 1000)}" }).ToArray(),
            CompressionMethod.Zstd, rowGroup: 3000);
        byte[] file = File.ReadAllBytes(path);
        int footer = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(file.Length - 8));
        ParquetFooter read = ParquetFooter.Read(file.AsSpan(file.Length - 8 - footer, footer));
        using MemoryStream stream = new(file);
        ParquetNode text = ParquetNode.Tree(read.Schema).Leaves.Single();
        ParquetPages pages = new(stream, file.Length - 8 - footer, maxBytes: 1 << 30);
        FormatException e = Assert.Throws<FormatException>(() =>
        {
            for (int i = 0; i < 100_000; i++)
            {
                pages.NextGroup();
                pages.Read(read.Groups[0].Chunks["text"], text);
            }
        });
        Assert.Equal("it unpacks to more than 500 times the size of the file", e.Message);
    }

    private static string Refused(byte[] file)
    {
        using TempFolder folder = new();
        string path = folder.File("pairs.parquet");
        File.WriteAllBytes(path, file);
        return Assert.Throws<InputException>(() => DataReader.ReadPreferences(path, new DataReport(path))
            .Count()).Message[(path.Length + 2)..];
    }

    private static byte[] Bytes(CompressionMethod compression)
    {
        using TempFolder folder = new();
        ParquetFiles.Write(folder.File("pairs.parquet"), ParquetFiles.Pairs(40), compression, rowGroup: 25);
        return File.ReadAllBytes(folder.File("pairs.parquet"));
    }
}
