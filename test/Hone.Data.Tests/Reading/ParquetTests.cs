using System.Text.Json;
using Parquet;
using Parquet.Serialization;

namespace Hone.Data.Tests;

public sealed class ParquetTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public sealed class Message
    {
        public string? content { get; set; }

        public string? role { get; set; }
    }

    public sealed class Pair
    {
        public List<Message>? chosen { get; set; }

        public List<Message>? rejected { get; set; }

        public double? chosen_score { get; set; }

        public float? rejected_score { get; set; }
    }

    [Fact]
    public async Task Preferences_as_the_hub_exports_them_are_those_of_the_same_rows_in_json()
    {
        Pair[] rows = [.. Enumerable.Range(0, 250).Select(i => new Pair
        {
            chosen = [new() { role = "user", content = $"q {i}" }, new() { role = "assistant", content = $"gut {i} \ud83d\ude00" }],
            rejected = [new() { role = "user", content = $"q {i}" }, new() { role = "assistant", content = $"bad {i}" }],
            chosen_score = i % 7 == 0 ? null : i / 3.0,
            rejected_score = i / 4f,
        })];
        string parquet = _folder.File("rows.parquet"), json = _folder.File("rows.jsonl");
        // 250 rows in groups of 100: three row groups.
        await ParquetSerializer.SerializeAsync(rows, parquet, new ParquetOptions { RowGroupSize = 100 }, null,
            TestContext.Current.CancellationToken);
        await File.WriteAllLinesAsync(json, rows.Select(r => JsonSerializer.Serialize(r)), TestContext.Current.CancellationToken);
        DataReport fromParquet = new("a"), fromJson = new("b");
        Preference[] found = [.. DataReader.ReadPreferences(parquet, fromParquet)],
            expected = [.. DataReader.ReadPreferences(json, fromJson)];
        Assert.Equal(250, found.Length);
        Assert.Equivalent(expected, found, strict: true);
        Assert.Equal(fromJson.Layout, fromParquet.Layout);
    }

    /// <summary>
    /// Written by DuckDB 1.5.6 (zstd, row groups of 8): COPY (SELECT [{'role':'user','content':'question '||i}, {'role':'assistant',
    /// 'content':'good '||i}] AS chosen, the same with 'bad '||i ('' for i = 3) AS rejected, CASE WHEN i%5=0 THEN NULL ELSE i/2.0 END AS
    /// chosen_score, i AS id, ['a','b'] AS tags FROM range(20) t(i)).
    /// </summary>
    [Fact]
    public void A_file_of_duckdb_is_read()
    {
        var report = new DataReport("x");
        Preference[] rows =
            [.. DataReader.ReadPreferences(Path.Combine(AppContext.BaseDirectory, "Reading/fixtures/duckdb-preferences.parquet"), report)];
        int[] ids = [.. Enumerable.Range(0, 20).Where(i => i != 3)];
        Assert.Equal(ids.Select(i => ($"question {i}", $"good {i}", $"bad {i}", i % 5 == 0 ? null : (double?)(i / 2.0))),
            rows.Select(r => (r.Prompt.Single().Content, r.Chosen, r.Rejected, r.ChosenScore)));
        Assert.Equal((20, 1), (report.Read, report.Dropped[DropReason.EmptyAnswer]));
        Assert.Equal(["id", "tags"], report.IgnoredColumns);
    }

    [Fact]
    public async Task A_row_at_fault_is_named_by_its_number()
    {
        Pair[] rows = [new() { chosen = [new() { role = "user", content = "q" }, new() { role = "assistant", content = "a" }],
            rejected = [new() { role = "user", content = "q" }] }];
        await ParquetSerializer.SerializeAsync(rows, _folder.File("rows.parquet"),
            cancellationToken: TestContext.Current.CancellationToken);
        Assert.Contains("rows.parquet:row 1: `rejected` ends with a message of the user",
            Refused("rows.parquet"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_cut_short_or_damaged_anywhere_is_refused_or_read_whole()
    {
        Pair[] rows = [.. Enumerable.Range(0, 40).Select(i => new Pair
        {
            chosen = [new() { role = "user", content = $"q {i}" }, new() { role = "assistant", content = $"a {i}" }],
            rejected = [new() { role = "user", content = $"q {i}" }, new() { role = "assistant", content = $"b {i}" }],
        })];
        await ParquetSerializer.SerializeAsync(rows, _folder.File("rows.parquet"),
            cancellationToken: TestContext.Current.CancellationToken);
        byte[] whole = await File.ReadAllBytesAsync(_folder.File("rows.parquet"), TestContext.Current.CancellationToken);
        for (int length = 0; length < whole.Length; length += 61)
        {
            await File.WriteAllBytesAsync(_folder.File("cut.parquet"), whole[..length], TestContext.Current.CancellationToken);
            Assert.Matches("cut short|not a Parquet file", Refused("cut.parquet"));
        }
        for (int at = 4; at < whole.Length; at += 17)
        {
            byte[] damaged = [.. whole];
            damaged[at] ^= 0x55;
            await File.WriteAllBytesAsync(_folder.File("damaged.parquet"), damaged, TestContext.Current.CancellationToken);
            try
            {
                _ = DataReader.ReadPreferences(_folder.File("damaged.parquet"), new DataReport("x")).Count();
            }
            catch (InputException)
            {
                // Refused with a message. Parquet has no checksum here, so some damage only changes a text.
            }
        }
    }

    [Fact]
    public void A_text_under_the_name_of_parquet_is_refused() =>
        Assert.Contains("not a Parquet file", RefusedText("rows of text"), StringComparison.Ordinal);

    private string RefusedText(string text)
    {
        File.WriteAllText(_folder.File("text.parquet"), text);
        return Refused("text.parquet");
    }

    private string Refused(string name) =>
        Assert.Throws<InputException>(() => DataReader.ReadPreferences(_folder.File(name), new DataReport("x")).Count()).Message;

    public void Dispose() => _folder.Dispose();
}
