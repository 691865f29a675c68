using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Hone.Evaluation;

/// <summary>
/// HellaSwag (Zellers et al. 2019, arXiv 1905.07830): which of four endings goes on with the description of an activity. As
/// lm-evaluation-harness's task <c>hellaswag</c>, version 1.0 (release 0.4.12): the whole text of each ending is scored after
/// "activity: context", brackets of the WikiHow part removed. Examples are drawn from the training rows, anew for each question.
/// </summary>
internal static partial class HellaSwag
{
    private const string Name = "hellaswag";

    public static EvalTask Create(TaskOptions options)
    {
        int shots = options.NumFewshot ?? 0;
        string test = Find(options, "validation", "hellaswag_val.jsonl");
        string? train = shots == 0 ? null : Find(options, "train", "hellaswag_train.jsonl");
        Row[] questions = [.. Read(test)], pool = train is null ? [] : [.. Read(train)];
        IReadOnlyList<IReadOnlyList<Row>> examples = options.SampleExamples(pool, shots, questions.Length);
        return new EvalTask
        {
            Name = Name,
            Version = "1.0",
            NumFewshot = shots,
            Settings = options.Settings(("output_type", "multiple_choice"), ("fewshot", "sampled from train")),
            Files = QuestionFile.Digests(test, train),
            Metrics = ["acc,none", "acc_norm,none"],
            Items = [.. questions.Select((row, i) => MultipleChoice.Item(i, row.Doc, row.Gold, row.Endings,
                options.Prompt("", [.. examples[i].Select(e => (e.Query, e.Endings[e.Gold]))], row.Query), options))],
            Grade = MultipleChoice.Each((item, replies) =>
                MultipleChoice.Grade(replies, Parse(item.Doc, test).Endings, int.Parse(item.Target))),
        }.WithOverlapFlagged(i => questions[i].Query, i => examples[i].Select(e => e.Query));
    }

    /// <summary>A question with the texts that are scored.</summary>
    internal sealed record Row(string Query, string[] Endings, int Gold, JsonObject Doc);

    private static IEnumerable<Row> Read(string path) => QuestionFile.Read(path).Select(row => Parse(row, path));

    internal static Row Parse(JsonObject row, string path)
    {
        string Text(string column) => QuestionFile.Text(row, column, path);
        string[] endings = QuestionFile.Texts(row, "endings", path);
        string label = row["label"]?.ToString() ?? "";
        return int.TryParse(label, out int gold) && gold >= 0 && gold < endings.Length
            ? new Row(Clean($"{Text("activity_label")}: {Text("ctx_a")} {Capitalize(Text("ctx_b"))}"), [.. endings.Select(Clean)], gold,
                row)
            : throw new InputException($"the label `{label}` is no position in {endings.Length} endings", path,
                "The rows of the test split have no labels: take those of validation.");
    }

    /// <summary>The benchmark's clean-up, its single pass over double spaces included.</summary>
    internal static string Clean(string text) => Brackets().Replace(text.Trim().Replace(" [title]", ". ", StringComparison.Ordinal), "")
        .Replace("  ", " ", StringComparison.Ordinal);

    /// <summary>Python's <c>capitalize</c>: all but the first character becomes lower case.</summary>
    private static string Capitalize(string text) => text.Length == 0 ? text
        : char.ToUpperInvariant(text[0]) + text[1..].ToLowerInvariant();

    private static string Find(TaskOptions options, string split, string original) => QuestionFile.FindWith("ctx_a", options.Data, Name,
        $"hellaswag/{original}", original, $"hellaswag/{split}.jsonl", $"hellaswag/{split}.parquet",
        $"hellaswag/data/{split}-00000-of-00001.parquet", $"data/{split}-00000-of-00001.parquet");

    [GeneratedRegex(@"\[.*?\]")]
    private static partial Regex Brackets();
}
