using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Hone.Evaluation;

/// <summary>
/// MBPP (Austin et al. 2021, arXiv 2108.07732): functions from a sentence and three tests. Three sizes: all 974 problems,
/// the 500 of the test split, the 427 that were checked by hand.
/// </summary>
internal static partial class Mbpp
{
    private const string Stop = "[DONE]";

    /// <summary><c>mbpp</c>: the 500 test problems after the problems 2, 3 and 4 as examples.</summary>
    public static EvalTask Create(TaskOptions options)
    {
        string file = All(options);
        JsonObject[] all = [.. QuestionFile.Read(file)];
        return Task("mbpp", options, file, [.. all.Where(r => Id(r) is >= 11 and <= 510)], all, options.NumFewshot ?? 3, "text");
    }

    /// <summary><c>mbpp_full</c>: all 974 problems, without examples: what the RLHF Workflow's tables count.</summary>
    public static EvalTask CreateFull(TaskOptions options)
    {
        string file = All(options);
        JsonObject[] all = [.. QuestionFile.Read(file)];
        return Task("mbpp_full", options, file, all, all, options.NumFewshot ?? 0, "text");
    }

    /// <summary><c>mbpp_sanitized</c>: the 427 checked problems.</summary>
    public static EvalTask CreateSanitized(TaskOptions options)
    {
        string file = Sanitized(options);
        JsonObject[] all = [.. QuestionFile.Read(file)];
        return Task("mbpp_sanitized", options, file, all, all, options.NumFewshot ?? 0, "prompt");
    }

    /// <summary>
    /// The tests of a problem: its imports and asserts. As upstream, without <c>test_setup_code</c>, which one problem
    /// has (367: its own solution fails).
    /// </summary>
    /// <exception cref="InputException">It has no test: any program would pass.</exception>
    internal static string Tests(JsonObject row)
    {
        string[] asserts = [.. Lines(row["test_list"] ?? row["test"])];
        if (asserts.Length == 0) throw new InputException($"the problem {Id(row)} has no tests",
            fix: "Give mbpp.jsonl or sanitized-mbpp.json of google-research.");
        return string.Join('\n', Lines(row["test_imports"]).Concat(asserts)) + "\n";
    }

    /// <summary>The function that the tests call: of those that the reference solution defines, the last that a test names.</summary>
    internal static string? EntryPoint(JsonObject row) => Definitions().Matches((string?)row["code"] ?? "").Select(m => m.Groups[1].Value)
        .LastOrDefault(name => Lines(row["test_list"] ?? row["test"]).Any(test => Regex.IsMatch(test, $@"\b{name}\s*\(")));

    [GeneratedRegex(@"^def\s+(\w+)", RegexOptions.Multiline)]
    private static partial Regex Definitions();

    /// <summary>A problem's number; EvalPlus's own files write it as <c>Mbpp/2</c>.</summary>
    internal static int Id(JsonObject row) => row["task_id"]?.ToString() is { } id
        && int.TryParse(id[(id.LastIndexOf('/') + 1)..], out int number)
        ? number
            : throw new InputException("a problem has no `task_id`", fix: "Give mbpp.jsonl or sanitized-mbpp.json of google-research.");

    internal static string All(TaskOptions options) => QuestionFile.Find(options.Data, "mbpp", "mbpp/mbpp.jsonl", "mbpp.jsonl");

    internal static string Sanitized(TaskOptions options) =>
        QuestionFile.Find(options.Data, "mbpp_sanitized", "mbpp/sanitized-mbpp.json", "sanitized-mbpp.json");

    /// <summary>The problems 2, 3 and 4: the examples of every variant.</summary>
    internal static IEnumerable<JsonObject> Examples(IEnumerable<JsonObject> pool, int shots, string name) => shots > 3
        ? throw new InputException($"{name} has 3 examples, {shots} are asked for")
        : pool.Where(r => Id(r) is >= 2 and <= 4).OrderBy(Id).Take(shots);

    internal static IEnumerable<string> Lines(JsonNode? list) => list is JsonArray array ? array.Select(l => (string)l!) : [];

    private static EvalTask Task(
        string name, TaskOptions options, string file, JsonObject[] questions, JsonObject[] pool, int shots, string column)
    {
        string Question(JsonObject row)
        {
            string[] tests = [.. Lines(row["test_list"])];
            return $"You are an expert Python programmer, and here is your task: {QuestionFile.Text(row, column, file)} Your code should "
                + $"pass these tests:\n\n{string.Join('\n', tests.Take(3))}\n[BEGIN]\n";
        }
        (string, string)[] examples = [.. Examples(pool, shots, name)
            .Select(r => (Question(r), $"{QuestionFile.Text(r, "code", file)}\n{Stop}"))];
        return new EvalTask
        {
            Name = name,
            Version = "1",
            NumFewshot = shots,
            Settings = options.Settings(("output_type", "generate_until"), ("until", Stop), ("max_gen_toks", "256"),
                ("samples", $"{options.Samples}"), ("problems", $"{questions.Length}")),
            Files = new Dictionary<string, string> { [Path.GetFileName(file)] = QuestionFile.Digest(file) },
            Metrics = CodeTask.Metrics(options.Samples),
            Items = [.. questions.Select(row => new EvalItem
            {
                Id = $"{Id(row)}",
                Doc = row,
                Target = Tests(row),
                Generations = CodeTask.Requests(options.Prompt("", examples, Question(row), delimiter: ""), [Stop], 256, options),
            })],
            Grade = CodeTask.Grade(options, (item, answer) => new CodeJob(item.Id, answer + "\n", item.Target, Mbpp.EntryPoint(item.Doc))),
        }.WithOverlapFlagged(i => Question(questions[i]), _ => examples.Select(e => e.Item1));
    }
}
