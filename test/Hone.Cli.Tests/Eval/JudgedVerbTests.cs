using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Evaluation;

namespace Hone.Cli.Tests;

/// <summary>Answers, judgments and figures as separate commands, with a judge that fails in every way.</summary>
public sealed class JudgedVerbTests : IDisposable
{
    private const string Judged = "gpt-3.5-turbo-1106";
    private readonly TempFolder _folder = new();
    private readonly ConcurrentDictionary<int, int> _tries = new(), _answered = new();
    private static readonly JsonSerializerOptions s_relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private RawServer? _judge;

    [Fact]
    public void A_judge_that_is_slow_wrong_limited_and_cut_off_gives_the_published_table_and_answers_nothing_twice()
    {
        JsonObject[] rows = [.. QuestionFile.Read(SharedData.Require($"eval/expected/alpaca_eval/{Judged}.annotations.jsonl.gz"))];
        string[] instructions = [.. QuestionFile.Read(SharedData.Require("eval/alpaca_eval/alpaca_eval_gpt4_baseline.json"))
            .Select(r => (string)r["instruction"]!)];
        Assert.Equal(instructions, rows.Select(r => (string)r["instruction"]!));
        File.WriteAllText(_folder.File("outputs.json"), new JsonArray([.. rows.Select(r => new JsonObject
        {
            ["instruction"] = (string)r["instruction"]!, ["generator"] = Judged, ["output"] = (string)r["output_2"]!,
        })]).ToJsonString());
        // Which row is asked about is told by both texts that the judge is shown.
        (JsonObject Row, string Instruction, string Output)[] shown =
            [.. rows.Select(r => (r, Json((string)r["instruction"]!), Json((string)r["output_2"]!)))];
        JsonObject[] Asked(string body) => [.. shown.Where(s => body.Contains(s.Instruction, StringComparison.Ordinal)
            && body.Contains(s.Output, StringComparison.Ordinal)).Select(s => s.Row)];
        _judge = new RawServer(request => request.Path.EndsWith("/models", StringComparison.Ordinal)
            ? RawReply.Text(200, """{"data":[{"id":"judge"}]}""")
            : Reply(Asked(request.Body).MaxBy(r => ((string)r["instruction"]!).Length + ((string)r["output_2"]!).Length)!));
        string[] args = ["eval", "judge", "alpaca_eval", "--answers", _folder.File("outputs.json"),
            "--data", SharedData.Require("eval"), "--judge-base-url", $"{_judge.Address}v1",
            "--output", _folder.File("annotations.json"), "--json", "--price-prompt", "10", "--price-completion", "30"];

        // First with money for a part of it.
        Result part = Command.Done([.. args, "--budget", "3"]);
        Assert.InRange((double)part.Json["cost"]!, 2, 3);
        Assert.InRange(_answered.Count, 100, 700);
        Assert.Contains("stopped before the budget of 3", part.Json["warnings"]!.ToJsonString(), StringComparison.Ordinal);
        int before = _answered.Count;

        JsonNode whole = Command.Done(args).Json, scores = whole["scores"]![0]!;
        Assert.Equal((801 - before, before, 0, 0),
            ((int)whole["asked"]!, (int)whole["stored_before"]!, (int)whole["failed"]!, (int)whole["unusable"]!));
        Dictionary<string, string> published = Published();
        foreach (string name in (string[])["win_rate", "standard_error", "discrete_win_rate"])
            Assert.Equal(double.Parse(published[name], CultureInfo.InvariantCulture), (double)scores[name]!, 1e-6);
        foreach (string name in (string[])["n_wins", "n_wins_base", "n_draws", "n_total", "avg_length"])
            Assert.Equal(int.Parse(published[name], CultureInfo.InvariantCulture), (int)(double)scores[name]!);
        Assert.Equal(double.Parse(published["length_controlled_winrate"], CultureInfo.InvariantCulture),
            (double)scores["length_controlled_winrate"]!, 0.15);
        Assert.Equal(801, _answered.Count);
        Assert.All(_answered.Values, n => Assert.Equal(1, n));
        Assert.True(_tries.Values.Count(n => n > 1) >= 30);

        Result again = Command.Done(args);
        Assert.Equal((0, 801), ((int)again.Json["asked"]!, (int)again.Json["stored_before"]!));
        Assert.Equal(scores.ToJsonString(), Command.Done("eval", "score", "alpaca_eval", "--judgments", _folder.File("annotations.json"),
            "--lc-data", SharedData.Require("eval/alpaca_eval"), "--json").Json[0]!.ToJsonString());
    }

    [Fact]
    public void Two_judges_share_the_work_and_what_one_of_them_said_is_not_asked_again()
    {
        Directory.CreateDirectory(_folder.File("data/mt_bench"));
        File.WriteAllLines(_folder.File("data/mt_bench/question.jsonl"),
            Enumerable.Range(81, 20).Select(i => $$"""{"question_id": {{i}}, "category": "writing", "turns": ["say {{i}}", "more"]}"""));
        JsonNode Answer(string judges) => Command.Done(["eval", "answer", "mt_bench", "--data", _folder.File("data"), "--base-url",
            .. judges.Split(' '), "--output", _folder.File("answers.jsonl"), "--json"]).Json;
        int given = 0;
        RawServer? killed = null;
        RawReply Say(RawRequest r) => r.Path.EndsWith("/models", StringComparison.Ordinal)
            ? RawReply.Text(200, """{"data":[{"id":"judge"}]}""")
            : RawReply.Text(200, """{"choices":[{"message":{"content":"said"},"finish_reason":"stop"}]}""");
        killed = _judge = new RawServer(r =>
        {
            if (r.Method == "POST" && Interlocked.Increment(ref given) == 5) _ = Task.Run(killed!.Dispose);
            return Say(r) with { Delay = TimeSpan.FromMilliseconds(given < 5 ? 1 : 5000) };
        });
        using var other = new RawServer(r => Say(r) with { Delay = TimeSpan.FromMilliseconds(10) });
        string two = $"{killed.Address}v1 {other.Address}v1", turned = $"{other.Address}v1 {killed.Address}v1";
        JsonNode first = Answer(two);
        Assert.Equal((20, 40, 0), ((int)first["rows"]!, (int)first["asked"]!, (int)first["failed"]!));
        Assert.InRange(given, 5, 4 + 8);
        JsonNode again = Answer(turned); // one of them is not there any more
        Assert.Equal((0, 40), ((int)again["asked"]!, (int)again["stored_before"]!));
    }

    [Fact]
    public void A_model_in_this_process_answers_and_judges_itself_with_a_warning()
    {
        string model = TinyModel.Write(_folder.File("tiny")), data = _folder.File("data");
        Directory.CreateDirectory(Path.Combine(data, "mt_bench"));
        File.WriteAllLines(Path.Combine(data, "mt_bench/question.jsonl"),
        [
            """{"question_id": 81, "category": "writing", "turns": ["my garden", "more"]}""",
            """{"question_id": 82, "category": "extraction", "turns": ["my dog", "more"]}""",
        ]);
        foreach (string name in (string[])["single-v1", "single-math-v1", "pair-v2", "pair-math-v1"])
        {
            string answers = name.StartsWith("pair", StringComparison.Ordinal) ? "{answer_a} {answer_b}" : "{answer}",
                both = answers.Replace("}", "_1}", StringComparison.Ordinal);
            File.AppendAllLines(Path.Combine(data, "mt_bench/judge_prompts.jsonl"),
            [
                $$"""{"name": "{{name}}", "system_prompt": "", "prompt_template": "rate {question} {{answers}}"}""",
                $$"""{"name": "{{name}}-multi-turn", "system_prompt": "", "prompt_template": "rate {question_1} {{both}}"}""",
            ]);
        }
        File.WriteAllText(Path.Combine(data, "mt_bench/reference_answer_gpt-4.jsonl"),
            """{"question_id": 101, "model_id": "gpt-4", "choices": [{"turns": ["a", "b"]}]}""");
        string file = _folder.File("answers.jsonl");
        JsonNode run = Command.Done("eval", "answer", "mt_bench", "--model", model, "--data", data,
            "--output", file, "--max-gen-toks", "8", "--device", "cpu", "--json").Json;
        Assert.Equal((2, 4, 0), ((int)run["rows"]!, (int)run["asked"]!, (int)run["failed"]!));
        Assert.Equal((0, 4), ((int)Command.Done("eval", "answer", "mt_bench", "--model", model, "--data", data,
            "--output", file, "--max-gen-toks", "8", "--device", "cpu", "--json").Json["asked"]!, 4));
        // The small world's template knows no system message: the judge refuses, and says so.
        Assert.Contains("roles user and assistant only", Command.Refused("eval", "judge", "mt_bench", "--answers", file, "--data", data,
            "--judge-model", model, "--judge-device", "cpu", "--output", _folder.File("j.jsonl")), StringComparison.Ordinal);
    }

    [Fact]
    public void Wrong_flags_and_files_are_told()
    {
        string data = SharedData.Require("eval"), any = SharedData.Require("eval/mt_bench/question.jsonl");
        Assert.Contains("no judged benchmark `gsm8k`", Command.Refused("eval", "judge", "gsm8k"), StringComparison.Ordinal);
        Assert.Contains("--answers is needed", Command.Refused("eval", "judge", "mt_bench"), StringComparison.Ordinal);
        Assert.Contains("--baseline-answers is needed",
            Command.Refused("eval", "judge", "mt_bench_pair", "--answers", any, "--data", data, "--output", "x"), StringComparison.Ordinal);
        Assert.Contains("--judge-model is needed",
            Command.Refused("eval", "judge", "mt_bench", "--answers", any, "--data", data, "--output", "x"), StringComparison.Ordinal);
        Assert.Contains("--output is needed", Command.Refused("eval", "answer", "mt_bench", "--data", data), StringComparison.Ordinal);
        Assert.Contains("no judged benchmark `mmlu`", Command.Refused("eval", "answer", "mmlu", "--output", "x"), StringComparison.Ordinal);
        Assert.Contains("--verdicts is x", Command.Refused("eval", "score", "arena_hard", "--verdicts", "x", "--judgments",
            SharedData.Require("eval/expected/arena_hard/battles_v0.1_gpt-4-1106-preview.jsonl.gz")), StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _judge?.Dispose();
        _folder.Dispose();
    }

    private static Dictionary<string, string> Published()
    {
        string[][] lines =
            [.. File.ReadLines(SharedData.Require("eval/expected/alpaca_eval/expected_leaderboard.csv")).Select(l => l.Split(','))];
        return lines[0].Zip(lines.Single(l => l.Contains(Judged))).ToDictionary(p => p.First, p => p.Second);
    }

    /// <summary>A text as it stands within the judge's prompt, without the quotes.</summary>
    private static string Json(string text) => JsonValue.Create(text).ToJsonString(s_relaxed)[1..^1];

    /// <summary>The stored first tokens of a row, after up to two failures for one in ten.</summary>
    private RawReply Reply(JsonObject judged)
    {
        int row = (int)judged["row"]!;
        int attempt = _tries.AddOrUpdate(row, 1, (_, n) => n + 1);
        if (row % 10 == 3 && attempt <= 1 + (row % 2))
        {
            switch (row / 10 % 8)
            {
                case 0: return RawReply.Text(500, """{"error":{"message":"the server had an error"}}""", ("Retry-After", "0"));
                case 1: return RawReply.Text(200, """{"choices":[{"message":{"content":"m"}}""", ("X", "cut JSON"));
                case 2: return RawReply.Text(200, new string(' ', 1000)) with { CutAfter = 100 };
                case 3: return RawReply.Text(502, "<html>Bad gateway</html>");
                default: return RawReply.Text(429, """{"error":{"message":"rate limit"}}""", ("Retry-After", "0"));
            }
        }
        _answered.AddOrUpdate(row, 1, (_, n) => n + 1);
        var top = new JsonArray(
            [.. judged["top_logprobs"]!.AsArray().Select(t => new JsonObject { ["token"] = (string)t![0]!, ["logprob"] = (double)t[1]! })]);
        return RawReply.Text(200, new JsonObject
        {
            ["choices"] = new JsonArray(new JsonObject
            {
                ["message"] = new JsonObject { ["role"] = "assistant", ["content"] = "m" }, ["finish_reason"] = "length",
                ["logprobs"] = new JsonObject { ["content"] = new JsonArray(new JsonObject { ["token"] = "m", ["top_logprobs"] = top }) },
            }),
            ["usage"] = new JsonObject { ["prompt_tokens"] = 700, ["completion_tokens"] = 1 },
        }.ToJsonString()) with
        { Delay = TimeSpan.FromMilliseconds(row % 97 == 0 ? 300 : 0) };
    }
}
