using System.Text.Json.Nodes;

namespace Hone.Cli.Tests;

public sealed class CompareVerbTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public void Two_logs_are_compared_on_the_items_both_have()
    {
        Log("a", "gsm8k", [0, 0, 0, 0, 0, 0, 1, 1]);
        Log("b", "gsm8k", [1, 1, 1, 1, 1, 1, 1]);
        Result result = Command.Done("compare", _folder.File("a"), _folder.File("b"), "--json");
        JsonNode row = Assert.Single(result.Json.AsArray())!;
        Assert.Equal(("gsm8k", "exact_match,strict-match", 7), ((string?)row["task"], (string?)row["metric"], (int)row["items"]!));
        Assert.Equal(6 / 7.0, (double)row["difference"]!, 1e-12);
        Assert.Equal(0.03125, (double)row["p"]!, 1e-12);
        Assert.Contains("left out 1 items that only A has", result.Error, StringComparison.Ordinal);
        Assert.Contains("exact_match,strict-match      7",
            Command.Done("compare", _folder.File("a"), _folder.File("b")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public void The_newest_log_of_a_task_counts()
    {
        Log("a", "gsm8k", [0, 0]);
        Log("a", "gsm8k", [1, 1], "2027-01-01T00-00-00.000000");
        Log("b", "gsm8k", [1, 1]);
        Assert.Equal(0, (double)Command.Done("compare", _folder.File("a"), _folder.File("b"), "--json").Json[0]!["difference"]!);
    }

    [Fact]
    public void Folders_without_logs_and_without_a_common_task_are_refused()
    {
        Log("a", "gsm8k", [1]);
        Log("b", "mmlu", [1]);
        Directory.CreateDirectory(_folder.File("empty"));
        Assert.Contains("no task in common: gsm8k and mmlu",
            Command.Refused("compare", _folder.File("a"), _folder.File("b")), StringComparison.Ordinal);
        Assert.Contains("--log-samples", Command.Refused("compare", _folder.File("a"), _folder.File("empty")), StringComparison.Ordinal);
    }

    [Fact]
    public void The_cards_tables_take_in_a_results_file()
    {
        Directory.CreateDirectory(_folder.File("r"));
        File.WriteAllText(_folder.File("r/results_2026-11-26T00-00-00.000000.json"), """
            {"model_name": "mine", "n-shot": {"mmlu": 5, "arc_challenge": 25},
             "results": {"mmlu": {"acc,none": 0.7012}, "arc_challenge": {"acc,none": 0.5, "acc_norm,none": 0.6667}}}
            """);
        string text = Command.Done("eval", "table", _folder.File("r")).Out;
        Assert.Matches(@"\| mine +\| - +\| - +\| +- \| 70\.1 \| +- \| +- \| 66\.7 \| +- \|", text);
        Assert.Contains("mine, ARC: arc_challenge acc_norm,none, 25-shot.", text, StringComparison.Ordinal);
        Assert.Contains("MMLU: mine against Small Open-Sourced Models: above all 1 with a figure", text, StringComparison.Ordinal);
        JsonNode own = Command.Done("eval", "table", _folder.File("r"), "--json").Json.AsArray()
            .Single(r => (string?)r!["model"] == "mine")!;
        Assert.Null(own["scores"]!["gsm8k"]);
    }

    [Fact]
    public void Results_that_are_none_are_refused()
    {
        File.WriteAllText(_folder.File("results_x.json"), "{\"a\": 1}");
        Assert.Contains("no `results`", Command.Refused("eval", "table", _folder.File("results_x.json")), StringComparison.Ordinal);
        Assert.Contains("no such file", Command.Refused("eval", "table", _folder.File("nowhere")), StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private void Log(string folder, string task, double[] values, string time = "2026-11-26T00-00-00.000000")
    {
        Directory.CreateDirectory(_folder.File(folder));
        File.WriteAllLines(_folder.File($"{folder}/samples_{task}_{time}.jsonl"), values.Select((v, i) =>
            $$"""{"doc_id": {{i}}, "filter": "strict-match", "metrics": ["exact_match"], "exact_match": {{v}}}"""));
    }
}
