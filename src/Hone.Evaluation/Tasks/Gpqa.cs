using System.Text.Json.Nodes;
using Hone.Data;

namespace Hone.Evaluation;

/// <summary>
/// GPQA (Rein et al. 2023, arXiv 2311.12022): questions that experts write and others cannot look up. As
/// lm-evaluation-harness's tasks <c>gpqa_diamond_zeroshot</c> and <c>gpqa_main_zeroshot</c>, version 2.2 (release 0.4.12): "(A)"
/// to "(D)" are scored after the question with its choices. The choices are shuffled row by row with one generator of seed 0, as
/// the harness's global one is when such a task is the first of its run; a later task of the same run is shuffled otherwise there.
/// </summary>
/// <remarks>The data set is gated, and its authors ask that it stays unpublished: the user brings the rows.</remarks>
internal static class Gpqa
{
    private static readonly string[] s_letters = ["(A)", "(B)", "(C)", "(D)"];

    private static readonly string[] s_columns = ["Incorrect Answer 1", "Incorrect Answer 2", "Incorrect Answer 3", "Correct Answer"];

    // What pandas, which the hub's library reads CSV with, takes for a cell without value.
    private static readonly HashSet<string> s_missing =
    [
        "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA", "NULL", "NaN",
        "None", "n/a", "nan", "null",
    ];

    /// <param name="subset">diamond or main.</param>
    public static EvalTask Create(string subset, TaskOptions options)
    {
        string name = $"gpqa_{subset}_zeroshot";
        if (options.NumFewshot is > 0) throw new InputException($"{name} has no examples", fix: "Leave --num-fewshot out for this task.");
        string file = QuestionFile.FindWith(s_columns[^1], options.Data, name, $"gpqa/gpqa_{subset}.csv", $"gpqa_{subset}.csv",
            $"gpqa/gpqa_{subset}.jsonl", $"gpqa_{subset}.jsonl", $"gpqa/gpqa_{subset}.parquet", $"gpqa_{subset}.parquet");
        var random = new PythonRandom(0);
        Row[] questions = [.. Read(file).Select(r => Shuffle(r, random, file))];
        return new EvalTask
        {
            Name = name,
            Version = "2.2",
            NumFewshot = 0,
            Settings = options.Settings(("output_type", "multiple_choice"), ("choices", "shuffled, seed 0")),
            Files = QuestionFile.Digests(file),
            Metrics = ["acc,none", "acc_norm,none"],
            Items = [.. questions.Select((row, i) =>
                MultipleChoice.Item(i, row.Doc, row.Gold, s_letters, options.Prompt("", [], row.Prompt), options))],
            Grade = MultipleChoice.Each((item, replies) => MultipleChoice.Grade(replies, s_letters, int.Parse(item.Target))),
        };
    }

    internal sealed record Row(string Question, string[] Choices, int Gold, JsonObject Doc)
    {
        public string Prompt => $"What is the correct answer to this question:{Question}\nChoices:\n"
            + string.Join('\n', Choices.Select((c, i) => $"{s_letters[i]} {c}")) + "\nAnswer:";
    }

    // Cells of CSV as they are: an answer in brackets is no JSON.
    private static IEnumerable<JsonObject> Read(string path)
    {
        if (!path.EndsWith(".csv", StringComparison.OrdinalIgnoreCase)) return QuestionFile.Read(path);
        string[][] rows = [.. CsvRecords.Read(path).Select(r => r.Cells)];
        return rows.Skip(1).Select(cells => new JsonObject(rows[0].Zip(cells)
            .Select(c => KeyValuePair.Create(c.First, s_missing.Contains(c.Second) ? null : (JsonNode?)c.Second))));
    }

    private static Row Shuffle(JsonObject row, PythonRandom random, string path)
    {
        string[] choices = [.. s_columns.Select(c => Clean(row[c]?.ToString()))];
        string right = choices[^1];
        random.Shuffle(choices);
        return new Row(QuestionFile.Text(row, "Question", path), choices, Array.IndexOf(choices, right), row);
    }

    private static string Clean(string? cell) => cell is null ? " "
        : cell.Trim().Replace(" [title]", ". ", StringComparison.Ordinal).Replace("  ", " ", StringComparison.Ordinal);
}
