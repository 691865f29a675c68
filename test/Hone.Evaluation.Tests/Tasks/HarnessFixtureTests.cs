using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Hone.Evaluation.Tests;

/// <summary>
/// lm-evaluation-harness's own fixtures: the hash of every prompt of the full test sets, and the results under a mock model
/// that draws log-likelihoods from Random(42). Documents are shuffled by Random(42) first; the prompts are those of its
/// first task versions, zero-shot.
/// </summary>
public sealed class HarnessFixtureTests
{
    private const string Fixtures = "eval/expected/lm_eval_fixtures";

    private static TaskOptions Options => new() { Data = [SharedData.Require("eval")] };

    [Fact]
    public void Arc_challenge()
    {
        Arc.Row[] rows = Shuffled(Arc.Read(SharedData.Require("eval/arc/ARC-Challenge-Test.jsonl")));
        Check("arc_challenge-v0", rows.SelectMany(r => r.Choices.Select(c => (string[])[r.Prompt, $" {c}"])));
        var mock = new Mock();
        Likelihood[][] replies = [.. rows.Select(r => r.Choices.Select(_ => mock.Next()).ToArray())];
        JsonNode expected = Expected("arc_challenge-v0");
        Close(expected["acc"]!, expected["acc_stderr"]!, rows.Select((r, i) => MultipleChoice.Accuracy(replies[i], r.Gold)));
        Close(expected["acc_norm"]!, expected["acc_norm_stderr"]!,
            rows.Select((r, i) => MultipleChoice.NormalizedAccuracy(replies[i], r.Choices, r.Gold)));
    }

    [Fact]
    public void Every_subject_of_mmlu_that_has_a_fixture()
    {
        string[] subjects = [.. Directory.EnumerateFiles(SharedData.Require(Fixtures), "hendrycksTest-*-v0-res.json")
            .Select(f => Path.GetFileName(f)["hendrycksTest-".Length..^"-v0-res.json".Length])];
        Assert.Equal(29, subjects.Length);
        foreach (string subject in subjects)
        {
            Mmlu.Row[] rows = Shuffled(Mmlu.Read(SharedData.Require($"eval/mmlu/test/{subject}_test.csv")));
            string Context(Mmlu.Row r) =>
                $"Question: {r.Question}\nChoices:\n{string.Concat(r.Choices.Select((c, i) => $"{"ABCD"[i]}. {c}\n"))}Answer:";
            Check($"hendrycksTest-{subject}-v0", rows.SelectMany(r => r.Choices.Select(c => (string[])[Context(r), $" {c}"])));
            var mock = new Mock();
            Likelihood[][] replies = [.. rows.Select(r => r.Choices.Select(_ => mock.Next()).ToArray())];
            JsonNode expected = Expected($"hendrycksTest-{subject}-v0");
            Close(expected["acc"]!, expected["acc_stderr"]!, rows.Select((r, i) => MultipleChoice.Accuracy(replies[i], r.Gold)));
            Close(expected["acc_norm"]!, expected["acc_norm_stderr"]!,
                rows.Select((r, i) => MultipleChoice.NormalizedAccuracy(replies[i], r.Choices, r.Gold)));
        }
    }

    [Fact]
    public void Truthfulqa()
    {
        string file = SharedData.Require("eval/truthfulqa/mc_task_v0_HF.json");
        JsonObject[] docs = Shuffled(QuestionFile.Read(file));
        TruthfulQa.Row[] first = [.. docs.Select(d => TruthfulQa.Parse(d, "mc1_targets", file))],
            second = [.. docs.Select(d => TruthfulQa.Parse(d, "mc2_targets", file))];
        string Context(TruthfulQa.Row r) => $"{TruthfulQa.Preamble}\n\nQ: {r.Question}\nA:";
        Check("truthfulqa_mc-v1",
            docs.SelectMany((_, i) => first[i].Answers.Concat(second[i].Answers).Select(a => (string[])[Context(first[i]), $" {a}"])));
        var mock = new Mock();
        List<double> mc1 = [], mc2 = [];
        for (int i = 0; i < docs.Length; i++)
        {
            mc1.Add(MultipleChoice.Accuracy([.. first[i].Answers.Select(_ => mock.Next())], 0));
            // The first version takes everything before the first 0 for true.
            int split = Array.IndexOf(second[i].Labels, 0);
            mc2.Add(TruthfulQa.TrueShare([.. second[i].Answers.Select(_ => mock.Next().LogProb)],
                [.. second[i].Labels.Select((_, at) => at < split ? 1 : 0)]));
        }
        JsonNode expected = Expected("truthfulqa_mc-v1");
        Close(expected["mc1"]!, expected["mc1_stderr"]!, mc1);
        Close(expected["mc2"]!, expected["mc2_stderr"]!, mc2);
    }

    [Fact]
    public void Gsm8k_prompts()
    {
        JsonObject[] rows = Shuffled(QuestionFile.Read(SharedData.Require("eval/gsm8k/test.jsonl")));
        var json = new StringBuilder("[");
        foreach (JsonObject row in rows)
        {
            if (json.Length > 1) json.Append(", ");
            json.Append('[');
            PythonJson.Append(json, $"Question: {(string)row["question"]!}\nAnswer:");
            json.Append(", [\"\\n\"]]");
        }
        Assert.Equal(File.ReadAllText(SharedData.Require($"{Fixtures}/gsm8k-v0-greedy_until")).Trim(),
            TaskRunner.Hash(json.Append(']').ToString()));
    }

    /// <summary>Prompts of today's versions, with examples: computed with CPython from the harness's task files.</summary>
    [Theory]
    [InlineData("gsm8k_5shot", 1319)]
    [InlineData("arc_challenge_25shot", 4687)]
    [InlineData("truthfulqa_mc2_0shot", 5882)]
    [InlineData("mbpp_3shot", 500)]
    public void Prompts_with_examples(string name, int requests)
    {
        EvalTask task = name switch
        {
            "gsm8k_5shot" => Gsm8k.Create(Options),
            "arc_challenge_25shot" => Arc.Create(Options with { NumFewshot = 25 }),
            "truthfulqa_mc2_0shot" => TruthfulQa.Create(2, Options),
            _ => Mbpp.Create(Options),
        };
        string[][] rows = [.. task.Items.SelectMany(Requests)];
        JsonNode expected = Hashes()[name]!;
        Assert.Equal(requests, rows.Length);
        Assert.Equal((string)expected["first_ctx_sha256"]!, TaskRunner.Hash(rows[0][0]));
        Assert.Equal((string)expected["last_ctx_sha256"]!, TaskRunner.Hash(rows[^1][0]));
        Assert.Equal((string)expected["sha256_all"]!, TaskRunner.Hash(PythonJson.Dumps(rows)));
    }

    [Fact]
    public void Prompts_of_all_57_subjects_with_five_examples()
    {
        JsonNode expected = Hashes()["mmlu_5shot_all_subjects_alphabetical"]!;
        int all = 0;
        // Of the list of all, joined from those of the subjects: written anew it takes half of the test's time.
        using var whole = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string subject in Mmlu.Subjects)
        {
            string[][] rows = [.. Mmlu.Create(subject, Options with { NumFewshot = 5 }).Items.SelectMany(Requests)];
            string text = PythonJson.Dumps(rows);
            Assert.Equal((string)expected["per_subject_sha256"]![subject]!, TaskRunner.Hash(text));
            whole.AppendData(Encoding.UTF8.GetBytes((all == 0 ? "[" : ", ") + text[1..^1]));
            all += rows.Length;
        }
        whole.AppendData("]"u8);
        Assert.Equal(56168, all);
        Assert.Equal((string)expected["sha256_all"]!, Convert.ToHexStringLower(whole.GetHashAndReset()));
    }

    private static IEnumerable<string[]> Requests(EvalItem item) => item.Scores.Select(s => (string[])[s.Context.Text!, s.Continuation])
        .Concat(item.Generations.Select(g => (string[])[g.Prompt.Text!]));

    private static JsonNode Hashes() =>
        JsonNode.Parse(File.ReadAllText(SharedData.Require("eval/expected/prompt_hashes/prompt_hashes_computed_here.json")))!["tasks"]!;

    private static T[] Shuffled<T>(IEnumerable<T> rows)
    {
        T[] items = [.. rows];
        new PythonRandom(42).Shuffle(items);
        return items;
    }

    private static void Check(string name, IEnumerable<string[]> rows) =>
        Assert.Equal(File.ReadAllText(SharedData.Require($"{Fixtures}/{name}-loglikelihood")).Trim(),
            TaskRunner.Hash(PythonJson.Dumps(rows)));

    private static JsonNode Expected(string name)
    {
        JsonObject results = JsonNode.Parse(File.ReadAllText(SharedData.Require($"{Fixtures}/{name}-res.json")))!["results"]!.AsObject();
        return results.Single().Value!;
    }

    private static void Close(JsonNode mean, JsonNode error, IEnumerable<double> values)
    {
        double[] all = [.. values];
        double m = all.Average();
        Assert.Equal((double)mean, m, 1e-9);
        Assert.Equal((double)error, Math.Sqrt(all.Sum(v => (v - m) * (v - m)) / (all.Length - 1) / all.Length), 1e-9);
    }

    private sealed class Mock
    {
        private readonly PythonRandom _random = new(42);

        public Likelihood Next() => new(-_random.NextDouble());
    }
}
