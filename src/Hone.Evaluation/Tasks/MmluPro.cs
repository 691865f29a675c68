using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Hone.Evaluation;

/// <summary>
/// MMLU-Pro (Wang et al. 2024, arXiv 2406.01574): 14 subjects, up to ten choices, answered in words step by step; the letter
/// after "answer is" counts. As lm-evaluation-harness's tasks <c>mmlu_pro_SUBJECT</c>, version 3.1, and group <c>mmlu_pro</c>,
/// version 2.0 (release 0.4.12): the first five worked examples of the subject's validation rows, greedy answers of up to 2,048
/// tokens that end before "Question:".
/// </summary>
internal static partial class MmluPro
{
    public const string GroupVersion = "2.0";
    private const string Metric = "exact_match,custom-extract", Letters = "ABCDEFGHIJ", Steps = "A: Let's think step by step. ";

    public static readonly IReadOnlyList<string> Subjects =
    [
        "biology", "business", "chemistry", "computer_science", "economics", "engineering", "health", "history", "law", "math", "other",
        "philosophy", "physics", "psychology",
    ];

    public static EvalTask Create(string subject, TaskOptions options)
    {
        string name = $"mmlu_pro_{subject}", category = subject.Replace('_', ' ');
        int shots = options.NumFewshot ?? 5;
        string test = Find(options, name, "test");
        string? examplesFile = shots == 0 ? null : Find(options, name, "validation");
        JsonObject[] questions = [.. Read(test, category)], pool = examplesFile is null ? [] : [.. Read(examplesFile, category)];
        if (shots > pool.Length)
            throw new InputException($"{shots} examples are asked for, {category} has {pool.Length}", examplesFile, "Lower --num-fewshot.");
        (string, string)[] examples = [.. pool.Take(shots).Select(r => (Question(r, examplesFile!),
            QuestionFile.Text(r, "cot_content", examplesFile!).Replace(Steps, "", StringComparison.Ordinal)))];
        string description = $"The following are multiple choice questions (with answers) about {category}. Think step by step and "
            + "then finish your answer with \"the answer is (X)\" where X is the correct letter choice.\n";
        return new EvalTask
        {
            Name = name,
            Version = "3.1",
            Group = "mmlu_pro",
            NumFewshot = shots,
            Settings = options.Settings(("output_type", "generate_until"), ("until", "Question:"), ("max_gen_toks", "2048"),
                ("fewshot", "first_n of validation")),
            Files = QuestionFile.Digests(test, examplesFile),
            Metrics = [Metric],
            Items = [.. questions.Select((row, i) => new EvalItem
            {
                Id = $"{i}",
                Doc = row,
                Target = QuestionFile.Text(row, "answer", test),
                Generations = [new GenerateRequest(options.Prompt(description, examples, Question(row, test)),
                    new GenerateOptions { MaxNewTokens = 2048, StopStrings = ["Question:"] })],
            })],
            Grade = MultipleChoice.Each((item, replies) =>
            {
                string letter = Letter(replies.Answers[0].Text);
                return new ItemGrade(new Dictionary<string, double> { [Metric] = letter == item.Target ? 1 : 0 })
                {
                    Extracted = new Dictionary<string, string> { ["custom-extract"] = letter },
                    Flags = letter == "[invalid]" ? ["no_letter"] : [],
                };
            }),
        }.WithOverlapFlagged(i => Question(questions[i], test), _ => examples.Select(e => e.Item1));
    }

    /// <summary>The first letter after "answer is", or <c>[invalid]</c>.</summary>
    internal static string Letter(string answer) =>
        AnswerIs().Match(answer) is { Success: true } match ? match.Groups[1].Value : "[invalid]";

    private static string Question(JsonObject row, string path) => $"Question:\n{QuestionFile.Text(row, "question", path)}\nOptions:\n"
        + string.Concat(QuestionFile.Texts(row, "options", path).Take(Letters.Length).Select((o, i) => $"{Letters[i]}. {o.Trim()}\n"))
        + "Answer: Let's think step by step.";

    private static IEnumerable<JsonObject> Read(string path, string category) =>
        QuestionFile.Read(path).Where(r => QuestionFile.Text(r, "category", path) == category);

    private static string Find(TaskOptions options, string task, string split) => QuestionFile.FindWith("cot_content", options.Data, task,
        $"mmlu_pro/{split}.jsonl", $"mmlu_pro/{split}.parquet", $"mmlu_pro/data/{split}-00000-of-00001.parquet",
        $"MMLU-Pro/data/{split}-00000-of-00001.parquet", $"data/{split}-00000-of-00001.parquet");

    [GeneratedRegex(@"answer is \(?([ABCDEFGHIJ])\)?")]
    private static partial Regex AnswerIs();
}
