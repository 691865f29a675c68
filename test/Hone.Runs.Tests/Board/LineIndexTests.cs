using System.Text;

namespace Hone.Runs.Tests;

public sealed class LineIndexTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("", 0)]
    [InlineData("no end", 0)]
    [InlineData("one\n", 1)]
    [InlineData("one\n\nthree\nhalf", 3)]
    public void Lines_are_those_that_have_ended(string text, int count)
    {
        string path = _folder.File("rows.jsonl");
        File.WriteAllText(path, text);
        LineIndex index = LineIndex.Of(path);
        Assert.Equal(count, index.Count);
        Assert.Equal(text.Split('\n').SkipLast(1), Enumerable.Range(0, count).Select(i => Encoding.UTF8.GetString(index.Line(i)!)));
    }

    /// <summary>Lines that lie across the borders of what is read at once.</summary>
    [Fact]
    public void Long_lines_are_whole()
    {
        string path = _folder.File("rows.jsonl");
        string[] lines = [.. Enumerable.Range(0, 50).Select(i => new string((char)('a' + (i % 26)), i * 4099))];
        File.WriteAllText(path, string.Concat(lines.Select(l => l + "\n")));
        LineIndex index = LineIndex.Of(path);
        Assert.Equal(lines, Enumerable.Range(0, index.Count).Select(i => Encoding.UTF8.GetString(index.Line(i)!)));
    }

    [Fact]
    public void A_file_that_was_cut_meanwhile_has_no_such_line()
    {
        string path = _folder.File("rows.jsonl");
        File.WriteAllText(path, "one\ntwo\n");
        LineIndex index = LineIndex.Of(path);
        File.WriteAllText(path, "one\n");
        Assert.Null(index.Line(1));
    }
}
