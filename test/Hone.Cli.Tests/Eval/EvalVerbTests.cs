using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Hone.Cli.Tests;

public sealed class EvalVerbTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public void All_six_academic_tasks_run_on_a_real_model_and_are_asked_once()
    {
        Result first = Eval();
        JsonNode results = first.Json["results"]!;
        foreach ((string task, string figure) in new[]
        {
            ("arc_challenge", "acc_norm,none"), ("truthfulqa_mc2", "acc,none"), ("mmlu_anatomy", "acc,none"),
            ("gsm8k", "exact_match,strict-match"), ("humaneval", "pass@1,none"), ("mbpp", "pass@1,none"),
        })
            Assert.InRange((double)results[task]![figure]!, 0, 1);
        Assert.Equal(0, (double)results["humaneval"]!["pass@1,none"]!);
        Assert.Contains("stored before 0", first.Error, StringComparison.Ordinal);
        Assert.Contains("prompts were cut at the start to fit the model's 512 tokens", first.Error, StringComparison.Ordinal);
        Result again = Eval();
        Assert.Contains("asked 0,", again.Error, StringComparison.Ordinal);
        Assert.Equal(results.ToJsonString(), again.Json["results"]!.ToJsonString());
        Assert.Equal(6, Command.Done("compare", _folder.File("out"), _folder.File("out"), "--json").Json.AsArray()
            .Select(r => (string?)r!["task"]).Distinct().Count());
    }

    [Fact]
    public async Task A_killed_evaluation_goes_on_to_the_same_result()
    {
        string[] args = Args("arc_challenge,truthfulqa_mc1", "80", "killed");
        using (Process process = Command.Start(args))
        {
            // Killed as soon as something is stored.
            string store = _folder.File("killed/answers.db-wal");
            while (!process.HasExited && !(File.Exists(store) && new FileInfo(store).Length > 100_000))
                await Task.Delay(5, TestContext.Current.CancellationToken);
            if (!process.HasExited) process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
        Result resumed = Command.Done(args);
        Result whole = Command.Done(Args("arc_challenge,truthfulqa_mc1", "80", "whole"));
        Assert.Equal(whole.Json["results"]!.ToJsonString(), resumed.Json["results"]!.ToJsonString());
        Assert.DoesNotContain("stored before 0", resumed.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gsm8q", "Did you mean gsm8k?")]
    [InlineData("", "--tasks is needed")]
    public void A_wrong_task_is_told(string tasks, string what)
    {
        string[] args = ["eval", "--model", SharedData.Require("models/stories260K-hf"), "--data", SharedData.Require("eval"),
            "--output-path", _folder.File("x"), .. tasks.Length > 0 ? (string[])["--tasks", tasks] : []];
        Assert.Contains(what, Command.Refused(args), StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_data_and_wrong_flags_are_told()
    {
        string model = SharedData.Require("models/stories260K-hf");
        Assert.Contains("--data is needed", Command.Refused("eval", "--model", model, "--tasks", "gsm8k"), StringComparison.Ordinal);
        Assert.Contains("no such folder",
            Command.Refused("eval", "--model", model, "--tasks", "gsm8k", "--data", _folder.File("none")), StringComparison.Ordinal);
        File.WriteAllText(_folder.File("test.jsonl"), """{"question": "two?", "answer": "#### 2"}""");
        File.WriteAllText(_folder.File("train.jsonl"), """{"question": "three?", "answer": "#### 3"}""");
        Assert.Equal(1, (int)Command.Done("eval", "--model", model, "--tasks", "gsm8k", "--num-fewshot", "1",
            "--data", _folder.File("test.jsonl"), _folder.File("train.jsonl"), "--predict-only", "--json",
            "--max-gen-toks", "4", "--output-path", _folder.File("z"), "--device", "cpu").Json["asked"]!);
        Assert.Contains("5 examples are asked for, the training questions are 1", Command.Refused("eval", "--model", model,
                "--tasks", "gsm8k", "--data", _folder.File("test.jsonl"), _folder.File("train.jsonl"), "--output-path", _folder.File("z")),
            StringComparison.Ordinal);
        foreach (string name in (string[])["test.jsonl", "train.jsonl"]) File.Delete(_folder.File(name));
        Assert.Contains("gsm8k needs one of",
            Command.Refused("eval", "--model", model, "--tasks", "gsm8k", "--data", _folder.Path), StringComparison.Ordinal);
        Assert.Contains("--preset is x", Command.Refused("eval", "--model", model, "--tasks", "gsm8k",
            "--data", SharedData.Require("eval"), "--preset", "x"), StringComparison.Ordinal);
        Assert.Contains("--batch-size is 8", Command.Refused("eval", "--model", model, "--tasks", "gsm8k",
            "--data", SharedData.Require("eval"), "--batch-size", "8"), StringComparison.Ordinal);
        Assert.Contains("has no chat template",
            Command.Refused("eval", "--model", model, "--tasks", "arc_challenge", "--data", SharedData.Require("eval"),
                "--limit", "1", "--apply-chat-template", "--output-path", _folder.File("y")), StringComparison.Ordinal);
    }

    [Fact]
    public void Stored_judgments_are_scored_under_upstreams_names_and_reach_the_cards_table()
    {
        string file = SharedData.Require("eval/expected/mt_bench/dreaming-panda_gpt-4_single.jsonl.gz");
        JsonNode row = Command.Done("eval", "score", "mt_bench", "--judgments", file, "--json",
            "--output-path", _folder.File("mt")).Json.AsArray().Single(r => (string?)r!["model"] == "Meta-Llama-3-8B-Instruct-Normal")!;
        Assert.Equal(7.843373493975903, (double)row["average"]!, 1e-9);
        Assert.Equal((166, 4), ((int)row["n_valid"]!, (int)row["n_excluded"]!));
        Assert.Matches(@"\| Meta-Llama-3-8B-Instruct-Normal +\| - +\| - +\| +- \| +7\.84 \|",
            Command.Done("eval", "table", _folder.File("mt")).Out);
        JsonNode alpaca = Command.Done("eval", "score", "alpaca_eval",
            "--judgments", SharedData.Require("eval/expected/alpaca_eval/claude-2.annotations.jsonl.gz"),
            "--lc-data", SharedData.Require("eval/alpaca_eval"), "--json").Json[0]!;
        Assert.Equal(28.155, (double)alpaca["length_controlled_winrate"]!, 0.02);
        Assert.Equal(131, (int)alpaca["n_wins"]!);
        Assert.Contains("--judgments is needed", Command.Refused("eval", "score", "arena_hard"), StringComparison.Ordinal);
        Assert.Contains("no benchmark `x`", Command.Refused("eval", "score", "x"), StringComparison.Ordinal);
    }

    private Result Eval() => Command.Done(
        [.. Args("humaneval,mbpp,gsm8k,mmlu_anatomy,truthfulqa_mc2,arc_challenge", "10", "out"), "--max-gen-toks", "64", "--log-samples"]);

    private string[] Args(string tasks, string limit, string output)
    {
        if (Hone.Evaluation.Sandbox.Problem() is { } problem) Assert.Skip($"no sandbox: {problem}");
        return ["eval", "--model", SharedData.Require("models/tinystories-656k-hf"), "--data", SharedData.Require("eval"),
            "--tasks", tasks, "--limit", limit, "--output-path", _folder.File(output), "--device", "cpu", "--json"];
    }

    public void Dispose() => _folder.Dispose();
}
