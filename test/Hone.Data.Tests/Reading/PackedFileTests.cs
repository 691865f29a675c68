using ZstdSharp;

namespace Hone.Data.Tests;

public sealed class PackedFileTests : IDisposable
{
    private const string Rows = "{\"prompt\": \"a\"}\n{\"prompt\": \"b\"}\n";
    private readonly TempFolder _folder = new();

    [Fact]
    public void A_zst_file_gives_the_rows_of_the_plain_file()
    {
        Pack("rows.jsonl.zst", Rows);
        Assert.Equal(["a", "b"], DataReader.ReadPrompts(_folder.File("rows.jsonl.zst"), new DataReport("x"))
            .Select(r => r.Messages[0].Content));
    }

    [Fact]
    public void A_zst_file_that_ends_in_the_middle_is_refused()
    {
        byte[] packed = Pack("rows.jsonl.zst",
            string.Concat(Enumerable.Range(0, 5000).Select(i => $"{{\"prompt\": \"number {i * 7919 % 10007}\"}}\n")));
        File.WriteAllBytes(_folder.File("rows.jsonl.zst"), packed[..(packed.Length / 2)]);
        Assert.Contains("damaged or cut short", Assert.Throws<InputException>(() => DataReader.ReadPrompts(_folder.File("rows.jsonl.zst"),
            new DataReport("x")).Count()).Message, StringComparison.Ordinal);
        File.WriteAllText(_folder.File("text.jsonl.zst"), Rows);
        Assert.Contains("damaged or cut short", Assert.Throws<InputException>(() => DataReader.ReadPrompts(_folder.File("text.jsonl.zst"),
            new DataReport("x")).Count()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_packed_gigabyte_in_one_line_is_refused_in_little_memory()
    {
        using (FileStream file = File.Create(_folder.File("bomb.jsonl.zst")))
        using (var packer = new CompressionStream(file))
        {
            byte[] zeros = new byte[1 << 20];
            Array.Fill(zeros, (byte)'x');
            for (int i = 0; i < 1024; i++) packer.Write(zeros);
        }
        long before = GC.GetAllocatedBytesForCurrentThread();
        InputException e = Assert.Throws<InputException>(() => DataReader.ReadPrompts(_folder.File("bomb.jsonl.zst"), new DataReport("x"))
            .Count());
        Assert.Contains("bomb.jsonl.zst:1: a row is longer than 64 MiB", e.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 256L << 20);
    }

    [Fact]
    public void Patterns_give_the_files_that_match_in_order()
    {
        foreach (string name in (string[])["b/2.jsonl", "b/1.jsonl.gz", "a/deep/3.parquet", "a/readme.md", "c.jsonl"])
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_folder.File(name))!);
            File.WriteAllText(_folder.File(name), "");
        }
        string[] Names(string pattern) => [.. DataFile.Expand([_folder.File(pattern)]).Select(f => Path.GetRelativePath(_folder.Path, f))];
        Assert.Equal(["b/1.jsonl.gz", "b/2.jsonl"], Names("b/*"));
        Assert.Equal(["b/2.jsonl"], Names("b/*.jsonl"));
        Assert.Equal(["a/deep/3.parquet", "b/1.jsonl.gz", "b/2.jsonl", "c.jsonl"], Names("**/*"));
        Assert.Contains("no data file matches", Assert.Throws<InputException>(() => Names("*.csv")).Message, StringComparison.Ordinal);
        Assert.Contains("no data file matches", Assert.Throws<InputException>(() => Names("nowhere/*.jsonl")).Message,
            StringComparison.Ordinal);
    }

    private byte[] Pack(string name, string text)
    {
        using var packer = new Compressor();
        byte[] packed = packer.Wrap(System.Text.Encoding.UTF8.GetBytes(text)).ToArray();
        File.WriteAllBytes(_folder.File(name), packed);
        return packed;
    }

    public void Dispose() => _folder.Dispose();
}
