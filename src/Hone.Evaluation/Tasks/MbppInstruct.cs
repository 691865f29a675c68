using System.Text.Json.Nodes;

namespace Hone.Evaluation;

/// <summary>MBPP asked in words, the answer begun inside a block of code: for instruct models.</summary>
internal static class MbppInstruct
{
    private const string Prefix = "\n```python\n";

    /// <summary>
    /// <c>mbpp_instruct</c>: the 500 test problems after three examples; the block that the answer begins in is the
    /// program.
    /// </summary>
    /// <remarks>
    /// Differs from the harness where it loses code: its pattern takes a first word right after the fence for the name of
    /// a language, so of an answer that goes on with <c>def f()</c> only <c> f()</c> is left.
    /// </remarks>
    public static EvalTask Create(TaskOptions options)
    {
        const string Name = "mbpp_instruct";
        string file = Mbpp.All(options);
        JsonObject[] all = [.. QuestionFile.Read(file)];
        string Question(JsonObject row) => "You are an expert Python programmer, and here is your task:\n"
            + $"{QuestionFile.Text(row, "text", file)}\nYour code should pass these "
                + $"tests:\n{string.Join('\n', Mbpp.Lines(row["test_list"]).Take(3))}";
        (string, string)[] examples = [.. Mbpp.Examples(all, options.NumFewshot ?? 3, Name)
            .Select(r => (Question(r), $"{Prefix}{QuestionFile.Text(r, "code", file)}\n```"))];
        ModelPrompt Ask(JsonObject row) => options.ApplyChatTemplate
            ? options.Prompt("", examples, Question(row), delimiter: "", Prefix)
            : options.Prompt("", examples, Question(row) + Prefix, delimiter: "");
        return Task(Name, options, file, [.. all.Where(r => Mbpp.Id(r) is >= 11 and <= 510)], examples.Length, Ask, [], 256,
            answer => $"from __future__ import annotations\n{CodeTask.FencedCode(answer)}", "extract_code");
    }

    /// <summary>
    /// <c>mbpp_evalplus</c>: EvalPlus's prompt, a problem and its first test, over the 427 checked problems with their own
    /// tests. EvalPlus's published figures count its own 378 or 399 of them and add tests that are not here.
    /// </summary>
    public static EvalTask CreateEvalPlus(TaskOptions options)
    {
        const string Name = "mbpp_evalplus";
        if (options.NumFewshot is > 0) throw new InputException($"{Name} has no examples", fix: "Leave --num-fewshot out for this task.");
        string file = Mbpp.Sanitized(options);
        string Problem(JsonObject row) =>
            $"\"\"\"\n{QuestionFile.Text(row, "prompt", file)}\n{Mbpp.Lines(row["test_list"]).First()}\n\"\"\"\n";
        return Task(Name, options, file, [.. QuestionFile.Read(file)], 0,
            row => HumanEval.Asked(options, EvalPlus.Question(Problem(row)), EvalPlus.Prefix),
            EvalPlus.Stops, EvalPlus.MaxTokens, CodeTask.FencedCode, "none", sanitize: true);
    }

    private static EvalTask Task(
        string name, TaskOptions options, string file, JsonObject[] questions, int shots, Func<JsonObject, ModelPrompt> prompt,
        string[] stops, int tokens,
        Func<string, string> program, string filter, bool sanitize = false) => new()
        {
            Name = name,
            Version = "1",
            NumFewshot = shots,
            Settings = options.Settings(
                ("output_type", "generate_until"), ("until", string.Join(' ', stops).ReplaceLineEndings("\\n")),
                ("max_gen_toks", $"{tokens}"),
                ("samples", $"{options.Samples}"), ("problems", $"{questions.Length}")),
            Files = new Dictionary<string, string> { [Path.GetFileName(file)] = QuestionFile.Digest(file) },
            Metrics = CodeTask.Metrics(options.Samples, filter),
            Items = [.. questions.Select(row => new EvalItem
            {
                Id = $"{Mbpp.Id(row)}",
                Doc = row,
                Target = Mbpp.Tests(row),
                Generations = CodeTask.Requests(prompt(row), stops, tokens, options),
            })],
            Grade = CodeTask.Grade(options, (item, answer) =>
                new CodeJob(item.Id, program(answer) + "\n", item.Target, Mbpp.EntryPoint(item.Doc)) { Sanitize = sanitize }, filter),
        };
}
