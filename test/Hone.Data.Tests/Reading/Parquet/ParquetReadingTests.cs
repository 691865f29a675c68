using Parquet;

namespace Hone.Data.Tests;

public class ParquetReadingTests
{
    [Theory]
    [InlineData(CompressionMethod.None)]
    [InlineData(CompressionMethod.Snappy)]
    [InlineData(CompressionMethod.Gzip)]
    [InlineData(CompressionMethod.Zstd)]
    [InlineData(CompressionMethod.Brotli)]
    [InlineData(CompressionMethod.Lz4Raw)]
    public void Preferences_are_those_that_were_written(CompressionMethod compression)
    {
        using TempFolder folder = new();
        string path = folder.File("pairs.parquet");
        List<ScoredPair> written = ParquetFiles.Pairs(50);
        ParquetFiles.Write(path, written, compression, rowGroup: 20);
        DataReport report = new("pairs.parquet");
        Preference[] read = [.. DataReader.ReadPreferences(path, report)];
        Assert.Equal("pairs.parquet: 50 rows, 50 kept, 0 dropped; layout: preferences as message lists", report.ToString());
        for (int i = 0; i < read.Length; i++)
        {
            Assert.Equal([TestRows.User($"question {i}")], read[i].Prompt);
            Assert.Equal((written[i].chosen[1].content, written[i].rejected[1].content), (read[i].Chosen, read[i].Rejected));
            Assert.Equal((written[i].chosen_score, written[i].rejected_score), (read[i].ChosenScore, read[i].RejectedScore));
        }
    }

    [Fact]
    public void A_row_that_is_wrong_is_named_by_its_number()
    {
        using TempFolder folder = new();
        string path = folder.File("pairs.parquet");
        List<ScoredPair> rows = ParquetFiles.Pairs(30);
        rows[25].rejected[1].role = "narrator";
        ParquetFiles.Write(path, rows, rowGroup: 20);
        InputException e = Assert.Throws<InputException>(() => DataReader.ReadPreferences(path, new DataReport(path)).Count());
        Assert.Equal($"{path}:row 26", e.Where);
        Assert.Contains("message 2 of `rejected` has the role `narrator`", e.Message);
    }

    [Fact]
    public void A_missing_column_is_named_with_those_that_are_there()
    {
        using TempFolder folder = new();
        string path = folder.File("texts.parquet");
        ParquetFiles.Write(path, new[] { new TextOnly { text = "one" }, new TextOnly { text = null }, new TextOnly { text = "" } });
        InputException e = Assert.Throws<InputException>(() => DataReader.ReadPrompts(path, new DataReport(path)).Count());
        Assert.StartsWith($"{path}:row 1: no known layout of prompts has the columns `text`\n", e.Message);

        // The second row's text is null, the third's is empty: both are dropped as such.
        var report = new DataReport(path);
        Assert.Single(DataReader.ReadSft(path, report));
        Assert.Equal(2, report.Dropped[DropReason.EmptyAnswer]);
    }

    [Fact]
    public void Long_texts_and_those_of_other_scripts_survive()
    {
        using TempFolder folder = new();
        string path = folder.File("texts.parquet");
        string[] texts = ["ä€😀 \"\\\n", new string('x', 3_000_000), "end"];
        ParquetFiles.Write(path, texts.Select(t => new TextOnly { text = t }).ToArray(), CompressionMethod.Zstd);
        Assert.Equal(texts, DataReader.ReadSft(path, new DataReport(path)).Select(r => ((TextRow)r).Text));
    }

    [Fact]
    public void Samples_and_pairs_may_be_parquet_too()
    {
        using TempFolder folder = new();
        string path = folder.File("pairs.parquet");
        ParquetFiles.Write(path, ParquetFiles.Pairs(2));
        Assert.False(RowFile.HoldsPairs(path));
    }
}
