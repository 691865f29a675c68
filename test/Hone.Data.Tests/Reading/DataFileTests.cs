using System.IO.Compression;
using System.Text;

namespace Hone.Data.Tests;

public class DataFileTests
{
    private const string Rows = """
        {"prompt": "a"}
        {"prompt": "b"}

        """;

    [Theory]
    [InlineData("rows.jsonl")]
    [InlineData("rows.json")]
    [InlineData("ROWS.JSONL")]
    public void Lines_are_read_under_any_json_name(string name)
    {
        using TempFolder folder = new();
        File.WriteAllText(folder.File(name), Rows);
        Assert.Equal(["a", "b"], Prompts(folder.File(name)));
    }

    [Theory]
    [InlineData("""[{"prompt": "a"}, {"prompt": "b"}]""")]
    [InlineData("\n [\n{\"prompt\":\n\"a\"}\n,\n{\"prompt\": \"b\"}\n] \n")]
    [InlineData("\uFEFF[{\"prompt\": \"a\"},{\"prompt\": \"b\"}]")]
    [InlineData("\uFEFF{\"prompt\": \"a\"}\r\n\r\n{\"prompt\": \"b\"}")]
    public void Arrays_and_lines_are_told_apart_by_content(string content)
    {
        using TempFolder folder = new();
        File.WriteAllText(folder.File("rows.jsonl"), content);
        Assert.Equal(["a", "b"], Prompts(folder.File("rows.jsonl")));
    }

    [Fact]
    public void Compressed_files_are_unpacked()
    {
        using TempFolder folder = new();
        string path = folder.File("rows.jsonl.gz");
        WriteGz(path, Encoding.UTF8.GetBytes(Rows));
        Assert.Equal(["a", "b"], Prompts(path));
    }

    [Fact]
    public void A_compressed_file_that_is_cut_short_is_an_error()
    {
        using TempFolder folder = new();
        string path = folder.File("rows.jsonl.gz");
        byte[] text = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 2000).Select(i => $"{{\"prompt\": \"{i * 7919}\"}}\n")));
        WriteGz(path, text);
        byte[] packed = File.ReadAllBytes(path);
        File.WriteAllBytes(path, packed[..(packed.Length / 2)]);
        InputException e = Assert.Throws<InputException>(() => Prompts(path));
        Assert.Contains("damaged or cut short", e.Message);
    }

    [Fact]
    public void A_file_that_is_not_compressed_under_a_gz_name_is_an_error()
    {
        using TempFolder folder = new();
        File.WriteAllText(folder.File("rows.jsonl.gz"), Rows);
        InputException e = Assert.Throws<InputException>(() => Prompts(folder.File("rows.jsonl.gz")));
        Assert.Contains("damaged or cut short", e.Message);
    }

    [Fact]
    public void Missing_files_unknown_kinds_and_empty_files_are_named()
    {
        using TempFolder folder = new();
        File.WriteAllText(folder.File("rows.xlsx"), "PK");
        File.WriteAllText(folder.File("empty.jsonl"), " \n");
        File.WriteAllText(folder.File("list.json"), "[]");
        Assert.Contains("no such file", Assert.Throws<InputException>(() => Prompts(folder.File("none.jsonl"))).Message);
        Assert.Contains("`.xlsx`", Assert.Throws<InputException>(() => Prompts(folder.File("rows.xlsx"))).Message);
        Assert.Contains("no rows", Assert.Throws<InputException>(() => Prompts(folder.File("empty.jsonl"))).Message);
        Assert.Contains("no rows", Assert.Throws<InputException>(() => Prompts(folder.File("list.json"))).Message);
        Assert.Contains("a folder", Assert.Throws<InputException>(() => Prompts(folder.Path)).Message);
    }

    [Fact]
    public void A_folder_stands_for_its_data_files_in_order()
    {
        using TempFolder folder = new();
        foreach (string name in new[] { "b.jsonl", "a.json.gz", "README.md", "c.txt" }) File.WriteAllText(folder.File(name), "");
        File.WriteAllText(folder.File("z.jsonl"), "");
        Assert.Equal(
            [folder.File("z.jsonl"), folder.File("a.json.gz"), folder.File("b.jsonl"), folder.File("c.txt"), folder.File("z.jsonl")],
            DataFile.Expand([folder.File("z.jsonl"), folder.Path]));
        Directory.CreateDirectory(folder.File("empty"));
        Assert.Contains("no data file", Assert.Throws<InputException>(() => DataFile.Expand([folder.File("empty")])).Message);
        Assert.Contains("no such file", Assert.Throws<InputException>(() => DataFile.Expand([folder.File("none")])).Message);
    }

    internal static void WriteGz(string path, byte[] bytes)
    {
        using GZipStream gz = new(File.Create(path), CompressionLevel.Fastest);
        gz.Write(bytes);
    }

    private static string[] Prompts(string path) =>
        [.. DataReader.ReadPrompts(path, new DataReport(path)).Select(p => p.Messages[0].Content)];
}
