using Hone.Evaluation;
using static Hone.Runs.Tests.RunBoardTests;

namespace Hone.Runs.Tests;

public sealed class EvaluationPageTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_folder_of_evaluations_is_a_list_of_them()
    {
        new GrowingEvaluation(_folder.File("sft"), "sft").Task("sums", 30, 40).Write();
        new GrowingEvaluation(_folder.File("deep/dpo"), "dpo").Task("sums", 35, 40).Write(day: 2);
        string page = Page("/");
        Assert.Contains("<h1>Evaluations</h1>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("There is no run", page, StringComparison.Ordinal);
        Assert.Matches("of=deep%2Fdpo[\\s\\S]+2026-01-02[\\s\\S]+sums 87.5%[\\s\\S]+of=sft[\\s\\S]+sums 75.0%", page);
    }

    [Fact]
    public void Evaluations_stand_side_by_side_with_intervals_and_what_hone_compare_says()
    {
        new GrowingEvaluation(_folder.File("sft"), "sft").Task("sums", 30, 40).Write(log: true);
        new GrowingEvaluation(_folder.File("dpo"), "dpo") { Shots = 5 }.Task("sums", 36, 40).Write(log: true);
        string page = Page("/evaluations", ("of", "sft"), ("of", "dpo"));
        Interval first = Proportion.Wilson(30, 40);
        Assert.Contains($"75.0%<small>{100 * first.Low:F1}% to {100 * first.High:F1}%", page, StringComparison.Ordinal);
        PairedComparison paired = PairedComparison.Of(
            Enumerable.Range(0, 40).ToDictionary(i => $"sums/{i}", i => i < 30 ? 1.0 : 0),
            Enumerable.Range(0, 40).ToDictionary(i => $"sums/{i}", i => i < 36 ? 1.0 : 0), seed: 0);
        Assert.Contains($"+15.0 (+{100 * paired.Difference.Low:F1} to +{100 * paired.Difference.High:F1}), p {paired.P:F3}</small>", page,
            StringComparison.Ordinal);
        Assert.Matches("sums: n-shot</code></th><td><code>0</code></td><td><code>5</code>", page);
        Assert.Contains("class=\"mark c-run2\"", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_item_logs_the_difference_comes_from_the_standard_errors()
    {
        new GrowingEvaluation(_folder.File("sft"), "sft").Task("sums", 30, 40).Write(log: true);
        new GrowingEvaluation(_folder.File("dpo"), "dpo").Task("sums", 36, 40).Write();
        // sqrt(0.75 * 0.25 / 39 + 0.9 * 0.1 / 39) * 1.96 = 0.1653
        Assert.Contains("+15.0 (−1.5 to +31.5)</small>", Page("/evaluations", ("of", "sft"), ("of", "dpo")), StringComparison.Ordinal);
    }

    [Fact]
    public void Groups_stand_for_their_tasks_until_all_are_asked_for()
    {
        foreach ((string name, int more) in new[] { ("a", 0), ("b", 4) })
            new GrowingEvaluation(_folder.File(name), name).Task("mmlu_law", 10 + more, 20).Task("mmlu_art", 10, 20)
                .Group("mmlu", "mmlu_law", "mmlu_art").Write(log: true);
        string page = Page("/evaluations", ("of", "a"), ("of", "b"));
        Assert.DoesNotContain("mmlu_law", page, StringComparison.Ordinal);
        Assert.Contains("+10.0 (", page, StringComparison.Ordinal);
        Assert.Matches("\\+10.0 \\([^<]+, p 0", page); // over the items of both tasks
        Assert.Contains("mmlu_law", Page("/evaluations", ("of", "a"), ("of", "b"), ("tasks", "all")), StringComparison.Ordinal);
    }

    [Fact]
    public void Of_a_task_the_newest_figure_counts_and_other_weights_stand_apart()
    {
        new GrowingEvaluation(_folder.File("m"), "m") { Identity = "old" }.Task("before", 1, 4).Write(day: 1);
        new GrowingEvaluation(_folder.File("m"), "m").Task("sums", 1, 4).Task("words", 2, 4).Write(day: 2);
        new GrowingEvaluation(_folder.File("m"), "m").Task("sums", 3, 4).Write(day: 3);
        string page = Page("/evaluations", ("of", "m"));
        Assert.Contains("75.0%<small>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("25.0%<small>", page, StringComparison.Ordinal);
        Assert.Contains("words", page, StringComparison.Ordinal);
        Assert.DoesNotContain("before", page, StringComparison.Ordinal);
        Assert.Contains("before", Page("/evaluations", ("of", "m, 2026-01-01 00:00:00")), StringComparison.Ordinal);
    }

    [Fact]
    public void Evaluations_in_a_run_and_in_the_folder_beside_are_found()
    {
        using var run = new GrowingRun(_folder.File("runs/now"));
        new GrowingEvaluation(_folder.File("runs/now/eval/sft"), "model").Task("sums", 3, 4).Write();
        new GrowingEvaluation(_folder.File("eval-results/base"), "base").Task("sums", 1, 4).Write();
        var board = new RunBoard(_folder.File("runs"), _folder.File("eval-results"));
        string list = board.Answer(Address("/")).Page;
        Assert.Contains("of=now%2Feval%2Fsft", list, StringComparison.Ordinal);
        Assert.Contains("of=eval-results%2Fbase", list, StringComparison.Ordinal);
        BoardAnswer own = board.Answer(Address("/run/now"));
        Assert.Contains("of=now%2Feval%2Fsft", own.Page, StringComparison.Ordinal);
        Assert.DoesNotContain("eval-results", own.Page, StringComparison.Ordinal);
        Assert.Equal(304, board.Answer(Address("/run/now"), own.Version).Status);
        new GrowingEvaluation(_folder.File("runs/now/eval/dpo"), "model").Task("sums", 4, 4).Write();
        Assert.Contains("of=now%2Feval%2Fdpo", board.Answer(Address("/run/now"), own.Version).Page, StringComparison.Ordinal);
        string both = board.Answer(Address("/evaluations", ("of", "now/eval/sft"), ("of", "eval-results/base"))).Page;
        Assert.Matches("75.0%[\\s\\S]+25.0%", both);
    }

    /// <summary>As lm-evaluation-harness writes them: the time as a number, a group without its own error, the model's name only.</summary>
    [Fact]
    public void Files_of_the_harness_are_read()
    {
        Directory.CreateDirectory(_folder.File("out/org__model"));
        File.WriteAllText(_folder.File("out/org__model/results_2026-02-03T04-05-06.123456.json"), """
            {"results": {"arc_easy": {"alias": "arc_easy", "acc,none": 0.5, "acc_stderr,none": 0.1, "acc_norm,none": 0.25,
             "acc_norm_stderr,none": "N/A"}}, "group_subtasks": {"arc_easy": []}, "configs": {"arc_easy": {"num_fewshot": 0}},
             "n-shot": {"arc_easy": 0}, "n-samples": {"arc_easy": {"original": 2376, "effective": 100}},
             "config": {"model": "hf", "batch_size": 8}, "date": 1770091506.1, "model_name": "org/model"}
            """);
        Assert.Contains("2026-02-03 04:05:06", Page("/"), StringComparison.Ordinal);
        string page = Page("/evaluations", ("of", "out/org__model"));
        Assert.Contains("50.0%<small>30.4% to 69.6%", page, StringComparison.Ordinal);
        Assert.Contains("batch_size", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Damaged_and_hostile_files_stay_text()
    {
        const string Hostile = "<img src=x onerror=alert(1)>";
        new GrowingEvaluation(_folder.File("ok"), Hostile).Task(Hostile, 3, 4).Write();
        Directory.CreateDirectory(_folder.File("bad"));
        File.WriteAllText(_folder.File("bad/results_2026-01-01T00-00-00.0.json"), "{\"results\": {}, \"results\": [");
        File.WriteAllText(_folder.File("bad/results_2026-01-02T00-00-00.0.json"), """{"results": {"../x": {"acc,none": "?"}, "y": 1}}""");
        File.WriteAllText(_folder.File("bad/results_2026-01-03T00-00-00.0.json"), "[]");
        foreach (string page in new[] { Page("/"), Page("/evaluations", ("of", "ok")), Page("/evaluations", ("of", "bad")) })
            Assert.DoesNotContain("<img", page, StringComparison.Ordinal);
        Assert.Contains("no `results`", Page("/"), StringComparison.Ordinal);
        Assert.Contains("&lt;img", Page("/evaluations", ("of", "ok")), StringComparison.Ordinal);
        // What is not there is no path: the list stands in its place.
        Assert.Contains("Compare the chosen", Page("/evaluations", ("of", "../../etc")), StringComparison.Ordinal);
    }

    private string Page(string path, params (string, string)[] query) => new RunBoard(_folder.Path).Answer(Address(path, query)).Page;
}
