namespace Hone.Runs.Tests;

public class MetricsLogTests
{
    [Fact]
    public void Reads_curves_per_stage()
    {
        MetricCurves log = Read("""
            {"stage":"sft","step":1,"loss":2.5,"lr":1e-3}
            {"stage":"sft","step":2,"loss":2.0,"note":"text is no metric"}

            {"stage":"reward","step":1,"rewards/accuracies":0.5}
            """);
        Assert.Equal(["sft", "reward"], log.Stages.Select(s => s.Stage));
        Assert.Equal([new MetricPoint(1, 2.5), new MetricPoint(2, 2.0)], log.Stages[0]["loss"]);
        Assert.Equal([new MetricPoint(1, 1e-3)], log.Stages[0]["lr"]);
        Assert.Empty(log.Stages[0]["note"]);
        Assert.Equal(0, log.NotFinite);
    }

    [Fact]
    public void A_run_that_went_on_from_an_earlier_step_replaces_what_followed_it()
    {
        MetricCurves log = Read("""
            {"stage":"sft","step":1,"loss":3}
            {"stage":"sft","step":2,"loss":2}
            {"stage":"sft","step":3,"loss":1}
            {"stage":"sft","step":2,"loss":2.2}
            """);
        Assert.Equal([new MetricPoint(1, 3), new MetricPoint(2, 2.2)], log.Stages[0]["loss"]);
    }

    [Fact]
    public void Values_that_are_not_finite_are_counted()
    {
        MetricCurves log = Read("""
            {"stage":"sft","step":1,"loss":"NaN","lr":null}
            {"stage":"sft","step":2,"loss":"Infinity"}
            {"stage":"sft","step":3,"loss":1e999}
            {"stage":"sft","step":4,"loss":1}
            """);
        Assert.Equal(4, log.NotFinite);
        Assert.Equal([new MetricPoint(4, 1)], log.Stages[0]["loss"]);
    }

    [Fact]
    public void A_torn_last_line_is_passed_over() =>
        Assert.Equal([new MetricPoint(1, 3)], Read("{\"stage\":\"sft\",\"step\":1,\"loss\":3}\n{\"stage\":\"sft\",\"st").Stages[0]["loss"]);

    [Theory]
    [InlineData("{\"stage\":\"sft\",\"st")]
    [InlineData("[1]")]
    [InlineData("{\"step\":1}")]
    [InlineData("{\"stage\":\"sft\"}")]
    public void A_broken_line_in_the_middle_is_named(string broken)
    {
        InputException e = Assert
            .Throws<InputException>(() =>
                Read("{\"stage\":\"sft\",\"step\":1,\"loss\":3}\n" + broken + "\n{\"stage\":\"sft\",\"step\":3,\"loss\":3}\n"));
        Assert.Contains("metrics.jsonl:2", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_an_empty_log() => Assert.Empty(MetricCurves.Read("/nowhere/metrics.jsonl").Stages);

    private static MetricCurves Read(string text)
    {
        using TempFolder folder = new();
        string path = folder.File(MetricCurves.FileName);
        File.WriteAllText(path, text);
        return MetricCurves.Read(path);
    }
}
