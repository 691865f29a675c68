namespace Hone.Data.Tests.Reading;

public sealed class CsvRecordsTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public void Quotes_commas_and_line_breaks_stand_in_quoted_cells()
    {
        string[][] rows = Read("question,a\r\n\"two\nlines, \"\"quoted\"\"\",1\n\nplain,\n");
        Assert.Equal([["question", "a"], ["two\nlines, \"quoted\"", "1"], ["plain", ""]], rows);
    }

    [Theory]
    [InlineData("a,b\n\"open,1\n")]
    [InlineData("a,b\nmid\"dle,1\n")]
    public void A_quote_out_of_place_is_told_with_its_line(string text)
    {
        InputException e = Assert.Throws<InputException>(() => Read(text));
        Assert.Contains("x.csv:2", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_MMLU_file_reads_as_rows_of_six_cells()
    {
        string[] files = Directory.GetFiles(SharedData.Require("eval/mmlu"), "*.csv", SearchOption.AllDirectories);
        int[] rows = [.. new[] { "test", "dev" }.Select(part => files.Where(f => Path.GetFileName(Path.GetDirectoryName(f)) == part)
            .Sum(f => CsvRecords.Read(f).Skip(1).Count(r => r.Cells.Length == 6 && r.Cells[5] is ("0" or "1" or "2" or "3"))))];
        Assert.Equal([14_042, 285], rows); // as the archive's own list has them
    }

    public void Dispose() => _folder.Dispose();

    private string[][] Read(string text)
    {
        File.WriteAllText(_folder.File("x.csv"), text);
        return [.. CsvRecords.Read(_folder.File("x.csv")).Select(r => r.Cells)];
    }
}
