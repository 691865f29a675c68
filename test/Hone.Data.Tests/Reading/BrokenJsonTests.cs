namespace Hone.Data.Tests;

public class BrokenJsonTests
{
    [Theory]
    [InlineData("{\"prompt\": \"a\"}\n\n{\"prompt\": \"b\"\n", 3, "broken JSON")]
    [InlineData("{\"prompt\": \"a\"}\n{\"prompt\": \"b\"} x\n", 2, "broken JSON")]
    [InlineData("{\"prompt\": \"a\"}\n{\"prompt\": NaN}\n", 2, "broken JSON")]
    [InlineData("{\n  \"prompt\": \"a\"\n}\n", 1, "broken JSON")]
    [InlineData("\"text\"\n", 1, "must be an object")]
    [InlineData("{\"prompt\": \"a\"}\n[1]\n", 2, "must be an object")]
    [InlineData("[\n{\"prompt\": \"a\"},\n{\"prompt\":\n \"b\",}\n]", 4, "broken JSON")]
    [InlineData("[\n{\"prompt\": \"a\"}\n{\"prompt\": \"b\"}]", 3, "a comma or the end of the array")]
    [InlineData("[\n{\"prompt\": \"a\"},\n", 3, "ends before the array")]
    [InlineData("[\n{\"prompt\": \"a\"},\n{\"prompt\": \"b", 3, "broken JSON")]
    [InlineData("[\n{\"prompt\": \"a\"},\n]", 3, "broken JSON")]
    [InlineData("[{\"prompt\": \"a\"}]\n\n{}", 3, "more after the end")]
    [InlineData("[{\"prompt\": \"a\"},\n17]", 2, "must be an object")]
    [InlineData("{\"prompt\": \"\\ud800\"}", 1, "surrogate")]
    public void The_message_names_file_and_line(string content, int line, string what)
    {
        using TempFolder folder = new();
        string path = folder.File("rows.json");
        File.WriteAllText(path, content);
        InputException e = Assert.Throws<InputException>(() => DataReader.ReadPrompts(path, new DataReport(path)).Count());
        Assert.Equal($"{path}:{line}", e.Where);
        Assert.Contains(what, e.Message);
        Assert.DoesNotContain("LineNumber", e.Message);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Rows_longer_than_the_buffer_are_read_and_lines_still_counted(bool array)
    {
        using TempFolder folder = new();
        string path = folder.File("rows.json");
        string[] texts = [.. Enumerable.Range(0, 40).Select(i => new string((char)('a' + i % 26), i * i * 150))];
        IEnumerable<string> rows = texts.Select(t => $"{{\"prompt\": \"x{t}\"}}");
        File.WriteAllText(path, array ? $"[\n{string.Join(",\n", rows)}\n]" : string.Join("\n", rows));
        Assert.Equal(
            texts.Select(t => "x" + t),
            DataReader.ReadPrompts(path, new DataReport(path)).Select(p => p.Messages[0].Content));

        File.AppendAllText(path, array ? "\n{" : "\n{}");
        InputException e = Assert.Throws<InputException>(() => DataReader.ReadPrompts(path, new DataReport(path)).Count());
        Assert.Equal($"{path}:{(array ? 43 : 41)}", e.Where);
    }

    [Fact]
    public void A_row_above_the_limit_is_refused()
    {
        using MemoryStream stream = new([.. "{\"prompt\": \""u8, .. Enumerable.Repeat((byte)'a', 3 << 20)]);
        RowBuffer buffer = new(stream, "rows.jsonl", maxRow: 1 << 20);
        InputException e = Assert.Throws<InputException>(() =>
        {
            while (!buffer.AtEnd) buffer.Fill();
        });
        Assert.Contains("longer than 1 MiB", e.Message);
    }

    [Fact]
    public void Nesting_without_end_is_broken_json()
    {
        using TempFolder folder = new();
        string path = folder.File("rows.jsonl");
        File.WriteAllText(path, "{\"prompt\": " + new string('[', 100_000));
        Assert.Contains("broken JSON",
            Assert.Throws<InputException>(() => DataReader.ReadPrompts(path, new DataReport(path)).Count()).Message);
    }
}
