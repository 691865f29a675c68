using System.IO.Compression;
using System.Text;
using ZstdSharp;

namespace Hone.Data.Tests;

public class UnpackedStreamTests
{
    [Fact]
    public void Zstd_is_unpacked()
    {
        using TempFolder folder = new();
        string[] prompts = [.. Enumerable.Range(0, 3000).Select(i => $"{i * 7919} ä€😀")];
        WriteZstd(folder.File("rows.jsonl.zst"), Encoding.UTF8.GetBytes(string.Concat(prompts.Select(p => $"{{\"prompt\": \"{p}\"}}\n"))));
        Assert.Equal(prompts, Prompts(folder.File("rows.jsonl.zst")));
    }

    [Theory]
    [InlineData(".gz")]
    [InlineData(".zst")]
    public void What_is_cut_short_or_not_packed_at_all_is_an_error(string packing)
    {
        using TempFolder folder = new();
        string path = folder.File("rows.jsonl" + packing);
        byte[] text = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 2000).Select(i => $"{{\"prompt\": \"{i * 7919}\"}}\n")));
        if (packing == ".gz") DataFileTests.WriteGz(path, text);
        else WriteZstd(path, text);
        byte[] packed = File.ReadAllBytes(path);
        foreach (int length in new[] { packed.Length - 1, packed.Length / 2, 5 })
        {
            File.WriteAllBytes(path, packed[..length]);
            Assert.Contains("the compressed file is damaged or cut short", Assert.Throws<InputException>(() => Prompts(path)).Message);
        }
        File.WriteAllBytes(path, text);
        Assert.Contains("the compressed file is damaged or cut short", Assert.Throws<InputException>(() => Prompts(path)).Message);
    }

    [Theory]
    [InlineData(".gz")]
    [InlineData(".zst")]
    public void A_file_that_unpacks_to_far_more_than_data_does_is_refused(string packing)
    {
        using TempFolder folder = new();
        string path = folder.File("rows.jsonl" + packing);
        using (Stream file = File.Create(path))
        using (Stream packer = packing == ".gz" ? new GZipStream(file, CompressionLevel.SmallestSize) : new CompressionStream(file, 3))
        {
            // Blank lines are no rows, so no limit on rows would stop this.
            byte[] lines = new byte[1 << 20];
            lines.AsSpan().Fill((byte)'\n');
            for (int i = 0; i < 200; i++) packer.Write(lines);
        }
        InputException e = Assert.Throws<InputException>(() => Prompts(path));
        Assert.Equal($"{path}: the compressed file unpacks to more than 500 times its size\n  Unpack it yourself if that is right.",
            e.Message);
    }

    /// <summary>A frame that asks for a window of 2 GiB: magic number, no flags, exponent 21 (RFC 8878, 3.1.1.1.2).</summary>
    [Fact]
    public void A_window_larger_than_128_mebibytes_is_refused()
    {
        using TempFolder folder = new();
        string path = folder.File("rows.jsonl.zst");
        File.WriteAllBytes(path, [0x28, 0xB5, 0x2F, 0xFD, 0x00, 21 << 3, 0x01, 0x00, 0x00]);
        Assert.Contains("damaged or cut short: Frame requires too much memory for decoding",
            Assert.Throws<InputException>(() => Prompts(path)).Message);
    }

    internal static void WriteZstd(string path, byte[] bytes)
    {
        using CompressionStream zstd = new(File.Create(path), 3, leaveOpen: false);
        zstd.Write(bytes);
    }

    private static string[] Prompts(string path) =>
        [.. DataReader.ReadPrompts(path, new DataReport(path)).Select(p => p.Messages[0].Content)];
}
