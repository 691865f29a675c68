using System.Text.Json.Nodes;

namespace Hone.Evaluation.Tests;

public sealed class EvalReportTests
{
    [Fact]
    public void Means_and_standard_errors_are_those_of_the_formula()
    {
        TaskSummary summary = TaskSummary.Of(Run("t", [1, 0, 0, 1, 1]));
        MetricSummary metric = Assert.Single(summary.Metrics);
        Assert.Equal(("acc", "none", 5), (metric.Metric, metric.Filter, metric.Items));
        Assert.Equal(0.6, metric.Value, 1e-12);
        // Sample standard deviation of (1,0,0,1,1) is sqrt(0.3); divided by sqrt(5).
        Assert.Equal(Math.Sqrt(0.3 / 5), metric.StandardError!.Value, 1e-12);
        Assert.Null(TaskSummary.Of(Run("t", [1])).Metrics[0].StandardError);
    }

    [Fact]
    public void A_group_weighs_its_tasks_by_size()
    {
        TaskSummary a = TaskSummary.Of(Run("a", [1, 1, 0, 1])), b = TaskSummary.Of(Run("b", [0, 0, 1, 0, 0, 0]));
        MetricSummary group = TaskSummary.OfGroup("g", "1", [a, b]).Metrics[0];
        Assert.Equal(4.0 / 10, group.Value, 1e-12);
        double pooled = (3 * Math.Pow(a.Metrics[0].StandardError!.Value, 2) * 4
            + 5 * Math.Pow(b.Metrics[0].StandardError!.Value, 2) * 6) / 8;
        Assert.Equal(Math.Sqrt(pooled / 10), group.StandardError!.Value, 1e-12);
    }

    [Fact]
    public void The_results_file_uses_the_harness_names_and_says_what_was_excluded()
    {
        TaskRun run = Run("a", [1, 0]);
        run = run with { Items = [.. run.Items, run.Items[0] with { Grade = null, Replies = null, Error = "HTTP 500 after 5 tries" }] };
        var report = new EvalReport(new ModelInfo("my-instruct", "x") { HasChatTemplate = true }, [run], [("g", "2", ["a"])],
            new Dictionary<string, JsonNode?> { ["limit"] = 3 }, DateTimeOffset.UnixEpoch, TimeSpan.FromSeconds(2));
        JsonNode json = JsonNode.Parse(report.ToJson())!;
        Assert.Equal(0.5, (double)json["results"]!["a"]!["acc,none"]!);
        Assert.Equal(0.5, (double)json["results"]!["a"]!["acc_stderr,none"]!, 1e-12);
        Assert.Equal((2, 1), ((int)json["n-samples"]!["a"]!["effective"]!, (int)json["n-samples"]!["a"]!["excluded"]!));
        Assert.Contains(report.Warnings, w => w.Contains("1 of 3 items got no usable reply", StringComparison.Ordinal));
        Assert.Contains(report.Warnings, w => w.Contains("--apply-chat-template", StringComparison.Ordinal));
        Assert.Equal(["|g    |      2|none  |     0|acc   |↑  |0.5000|±  |0.5000|",
            "| - a |      1|none  |     0|acc   |↑  |0.5000|±  |0.5000|"],
            report.Table().Split('\n')[2..4]);
    }

    [Fact]
    public void A_log_gives_back_the_values_it_was_written_from()
    {
        using var folder = new TempFolder();
        TaskRun run = Run("a", [1, 0, 1]);
        SampleLog.Write(folder.File("samples.jsonl"), run);
        Assert.Equal([1.0, 0.0, 1.0], SampleLog.Read(folder.File("samples.jsonl"))["acc,none"].Values);
        JsonNode row = JsonNode.Parse(File.ReadLines(folder.File("samples.jsonl")).First())!;
        Assert.Equal(("0", "none", "Q"), ((string?)row["doc_id"], (string?)row["filter"], (string?)row["arguments"]![0]![0]));
    }

    [Fact]
    public void A_file_that_is_no_log_is_refused_with_its_line()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("x.jsonl"), "{\"doc_id\": 1, \"metrics\": []}\n{\"text\": \"a\"}\n");
        Assert.Contains("x.jsonl:2", Assert.Throws<InputException>(() => SampleLog.Read(folder.File("x.jsonl"))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Cut_prompts_and_many_empty_answers_are_warned_of()
    {
        EvalTask task = TaskRunnerTests.Question("q", 5);
        ItemRun Item(Answer answer) => new(task.Items[0], new ItemReplies([], [answer]),
            new ItemGrade(new Dictionary<string, double>()) { Flags = ["not_parsed"] }, null);
        var run = new TaskRun(task, [Item(new Answer("")), Item(new Answer("x") { DroppedTokens = 3 })], 2, 0);
        IReadOnlyList<string> warnings = EvalWarnings.Of([run], new ModelInfo("base", "x") { ContextLength = 512 });
        Assert.Equal(
        [
            "fixture: 1 of 2 answers are empty (50%)",
            "fixture: 1 of 2 prompts were cut at the start to fit the model's 512 tokens: the figure is not comparable (50%)",
            "fixture: 2 of 2 items are flagged `not_parsed` (100%)",
        ], warnings);
    }

    private static TaskRun Run(string name, double[] values)
    {
        EvalTask task = TaskRunnerTests.Choices(values.Length) with { Name = name };
        return new TaskRun(task, [.. values.Select((v, i) => new ItemRun(
            task.Items[i] with { Scores = [new ScoreRequest(ModelPrompt.Of("Q"), "a")] }, new ItemReplies([new Likelihood(-1)], []),
            new ItemGrade(new Dictionary<string, double> { ["acc,none"] = v }), null))], values.Length, 0);
    }
}
