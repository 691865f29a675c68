using System.Text;

namespace Hone.Data.Tests;

public class Utf8Tests
{
    [Theory]
    [InlineData(new byte[] { 0xE9 }, "latin-1 letter")]
    [InlineData(new byte[] { 0xC3 }, "first half of a letter")]
    [InlineData(new byte[] { 0xED, 0xA0, 0x80 }, "surrogate")]
    [InlineData(new byte[] { 0xC0, 0xAF }, "overlong form")]
    [InlineData(new byte[] { 0xF5, 0x80, 0x80, 0x80 }, "above U+10FFFF")]
    public void A_byte_that_is_not_utf8_is_an_error_with_its_offset(byte[] wrong, string _)
    {
        using TempFolder folder = new();
        byte[] head = Encoding.UTF8.GetBytes("{\"prompt\": \"ä€😀\"}\n{\"prompt\": \"");
        string path = folder.File("rows.jsonl");
        File.WriteAllBytes(path, [.. head, .. wrong, .. "\"}"u8]);
        InputException e = Assert.Throws<InputException>(() => DataReader.ReadPrompts(path, new DataReport(path)).Count());
        Assert.Contains($"offset {head.Length} ", e.Message);
        Assert.Equal(path, e.Where);
    }

    [Fact]
    public void Utf16_is_named_as_what_it_is()
    {
        using TempFolder folder = new();
        string path = folder.File("rows.jsonl");
        File.WriteAllText(path, "{\"prompt\": \"a\"}", Encoding.Unicode);
        Assert.Contains("UTF-16",
            Assert.Throws<InputException>(() => DataReader.ReadPrompts(path, new DataReport(path)).Count()).Message);
    }

    /// <summary>However the bytes arrive, valid text passes and the offset of a fault is the same.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(4096)]
    public void The_check_does_not_depend_on_how_the_bytes_arrive(int chunk)
    {
        byte[] valid = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("aä€😀\n", 50)));
        Assert.Equal(valid, ReadAll(valid, chunk));

        byte[] wrong = [.. valid, 0xE2, 0x82, (byte)'x'];
        Assert.Contains($"offset {valid.Length} ", Assert.Throws<InputException>(() => ReadAll(wrong, chunk)).Message);
        byte[] cut = [.. valid, 0xF0, 0x9F, 0x98];
        Assert.Contains($"offset {valid.Length} ", Assert.Throws<InputException>(() => ReadAll(cut, chunk)).Message);
    }

    private static byte[] ReadAll(byte[] bytes, int chunk)
    {
        using CheckedUtf8Stream stream = new(new MemoryStream(bytes), "here");
        List<byte> all = [];
        byte[] buffer = new byte[chunk];
        int read;
        while ((read = stream.Read(buffer)) > 0) all.AddRange(buffer.AsSpan(0, read));
        return [.. all];
    }
}
