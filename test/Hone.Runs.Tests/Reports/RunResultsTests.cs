using System.Text.Json;
using Hone.Evaluation;

namespace Hone.Runs.Tests;

public class RunResultsTests
{
    [Fact]
    public void Json_has_the_promised_keys()
    {
        using JsonDocument document = JsonDocument.Parse(RunResultsJson.ToJson(FakeRun.Results()));
        JsonElement root = document.RootElement;
        string[] top = [.. root.EnumerateObject().Select(p => p.Name)];
        foreach (string key in new[] { "rows", "head_to_head", "reward_model", "iterations", "kl_curve", "samples", "length_ablation",
            "settings", "seed", "wall_seconds", "peak_memory_bytes", "machine" })
            Assert.Contains(key, top);
        JsonElement row = root.GetProperty("rows")[1];
        Assert.Equal("offline-dpo", row.GetProperty("name").GetString());
        foreach (string key in new[] { "gold_win_rate", "lc_gold_win_rate", "gold_reward", "rm_reward", "kl", "length" })
            Assert.Equal(["value", "low", "high"], row.GetProperty(key).EnumerateObject().Select(p => p.Name));
        Assert.Equal(0.876, row.GetProperty("gold_win_rate").GetProperty("value").GetDouble());
        Assert.Equal(JsonValueKind.Number, root.GetProperty("reward_model").GetProperty("best_of_8_win_rate").GetProperty("low").ValueKind);
    }

    [Fact]
    public void Without_a_gold_judge_its_keys_are_null()
    {
        using JsonDocument document = JsonDocument.Parse(RunResultsJson.ToJson(FakeRun.WithoutGold()));
        JsonElement row = document.RootElement.GetProperty("rows")[1];
        Assert.Equal(JsonValueKind.Null, row.GetProperty("gold_win_rate").ValueKind);
        Assert.Equal(JsonValueKind.Object, row.GetProperty("rm_win_rate").ValueKind);
        Assert.False(FakeRun.WithoutGold().HasGold);
    }

    [Fact]
    public void Writing_and_reading_gives_the_same_file()
    {
        using TempFolder folder = new();
        RunResults results = FakeRun.Results();
        results = results with
        {
            Rows =
            [.. results.Rows, new ResultRow { Name = "odd", Kl = new Interval(double.NaN, double.NegativeInfinity, 1e300) }]
        };
        string path = folder.File(RunResults.FileName);
        RunResultsJson.Write(results, path);
        Assert.Equal(RunResultsJson.ToJson(results), RunResultsJson.ToJson(RunResultsJson.Read(path)));
        Assert.Equal([RunResults.FileName], Directory.GetFiles(folder.Path).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("{")]
    [InlineData("{\"name\":\"x\"}")]
    [InlineData("{\"name\":null,\"rows\":[],\"seed\":1}")]
    public void A_file_that_holds_no_results_is_refused(string text)
    {
        using TempFolder folder = new();
        string path = folder.File(RunResults.FileName);
        File.WriteAllText(path, text);
        Assert.Contains(path, Assert.Throws<InputException>(() => RunResultsJson.Read(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_named() =>
        Assert.Contains("there is no results file",
            Assert.Throws<InputException>(() => RunResultsJson.Read("/nowhere/results.json")).Message, StringComparison.Ordinal);
}
