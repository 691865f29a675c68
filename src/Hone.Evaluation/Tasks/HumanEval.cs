using System.Text.Json.Nodes;
using Hone.Text;

namespace Hone.Evaluation;

/// <summary>HumanEval (Chen et al. 2021, arXiv 2107.03374): 164 functions to complete, judged by the benchmark's own tests.</summary>
internal static class HumanEval
{
    private static readonly string[] s_stops = ["\nclass", "\ndef", "\n#", "\nif", "\nprint"];

    /// <summary><c>humaneval</c>: the model goes on after the signature and docstring.</summary>
    public static EvalTask Create(TaskOptions options) => Task("humaneval", "1", options,
        row => options.Prompt("", [], Prompt(row)), s_stops, 1024, (row, answer) => Prompt(row) + answer, "none");

    /// <summary><c>humaneval_instruct</c>: asked in words, the answer begins inside a block of code.</summary>
    public static EvalTask CreateInstruct(TaskOptions options) => Task("humaneval_instruct", "4", options, row => Asked(options,
        $"Write a solution to the following problem and make sure that it passes the tests:\n```python\n{Prompt(row)}\n```\n",
        $"Here is the completed function:\n```python\n{Prompt(row)}\n"), ["```"], 1024,
            (row, answer) => Prompt(row) + CodeTask.FencedCode(answer), "create_test");

    /// <summary><c>humaneval_evalplus</c>: EvalPlus's prompt with HumanEval's base tests, as the RLHF Workflow's tables have it.</summary>
    public static EvalTask CreateEvalPlus(TaskOptions options) => Task("humaneval_evalplus", "1", options, row => Asked(options,
        EvalPlus.Question(Prompt(row)), EvalPlus.Prefix), EvalPlus.Stops, EvalPlus.MaxTokens,
            (row, answer) => Imports(row) + CodeTask.FencedCode(answer), "none", sanitize: true);

    /// <summary>
    /// Tests of a problem: the benchmark's text, then the call of its check. Three prompts (32, 38, 50) begin with a helper that
    /// their tests call as well; it goes before the tests, for the program's own might say what is right.
    /// </summary>
    internal static string Tests(JsonObject row)
    {
        string entry = (string)row["entry_point"]!;
        int at = Prompt(row).IndexOf($"def {entry}(", StringComparison.Ordinal);
        string before = at < 0 ? "" : Prompt(row)[..at];
        return $"{(before.Contains("def ", StringComparison.Ordinal) ? before + "\n" : "")}{(string)row["test"]!}\ncheck({entry})\n";
    }

    /// <summary>What stands before the first function of a prompt: its imports.</summary>
    internal static string Imports(JsonObject row)
    {
        int def = Prompt(row).IndexOf("def ", StringComparison.Ordinal);
        return def < 0 ? "" : Prompt(row)[..def];
    }

    internal static string File(TaskOptions options) => QuestionFile.Find(options.Data, "humaneval",
        "humaneval/HumanEval.jsonl.gz", "humaneval/HumanEval.jsonl", "humaneval/test.parquet",
            "openai_humaneval/test-00000-of-00001.parquet", "humaneval/openai_humaneval/test-00000-of-00001.parquet",
            "HumanEval.jsonl.gz", "HumanEval.jsonl");

    private static string Prompt(JsonObject row) => (string)row["prompt"]!;

    // Without a chat template the same words are one text.
    internal static ModelPrompt Asked(TaskOptions options, string user, string prefix) => options.ApplyChatTemplate
        ? ModelPrompt.Of(options.SystemInstruction is { } system ? [ChatMessage.System(system), ChatMessage.User(user)]
            : [ChatMessage.User(user)], prefix)
        : ModelPrompt.Of(user + prefix);

    private static EvalTask Task(
        string name, string version, TaskOptions options, Func<JsonObject, ModelPrompt> prompt, string[] stops, int tokens,
        Func<JsonObject, string, string> program, string filter, bool sanitize = false)
    {
        if (options.NumFewshot is > 0) throw new InputException($"{name} has no examples", fix: "Leave --num-fewshot out for this task.");
        string file = File(options);
        return new EvalTask
        {
            Name = name,
            Version = version,
            NumFewshot = 0,
            Settings = options.Settings(("output_type", "generate_until"), ("until", string.Join(' ', stops).ReplaceLineEndings("\\n")),
                ("max_gen_toks", $"{tokens}"), ("samples", $"{options.Samples}")),
            Files = new Dictionary<string, string> { [Path.GetFileName(file)] = QuestionFile.Digest(file) },
            Metrics = CodeTask.Metrics(options.Samples, filter),
            Items = [.. QuestionFile.Read(file).Select(row => new EvalItem
            {
                Id = QuestionFile.Text(row, "task_id", file),
                Doc = row,
                Target = QuestionFile.Text(row, "entry_point", file),
                Generations = CodeTask.Requests(prompt(row), stops, tokens, options),
            })],
            Grade = CodeTask.Grade(options, (item, answer) =>
            {
                string code = program(item.Doc, answer) + "\n";
                return new CodeJob(item.Id, code, Tests(item.Doc), item.Target) { Sanitize = sanitize };
            }, filter),
        };
    }
}
