using System.Text.Json.Nodes;

namespace Hone.Evaluation;

/// <summary>
/// WinoGrande (Sakaguchi et al. 2019, arXiv 1907.10641): which of two names fills the blank of a sentence. As
/// lm-evaluation-harness's task <c>winogrande</c>, version 1.0 (release 0.4.12), by partial scoring (Trinh and Le 2018, arXiv
/// 1806.02847): each name is put into the blank, and the text after the blank, the same for both, is scored. Examples are drawn
/// from the training rows (XL), anew for each question.
/// </summary>
internal static class WinoGrande
{
    private const string Name = "winogrande";

    public static EvalTask Create(TaskOptions options)
    {
        int shots = options.NumFewshot ?? 0;
        string test = Find(options, "validation", "dev.jsonl");
        string? train = shots == 0 ? null : Find(options, "train", "train_xl.jsonl");
        Row[] questions = [.. Read(test)], pool = train is null ? [] : [.. Read(train)];
        IReadOnlyList<IReadOnlyList<Row>> examples = options.SampleExamples(pool, shots, questions.Length);
        return new EvalTask
        {
            Name = Name,
            Version = "1.0",
            NumFewshot = shots,
            Settings = options.Settings(("output_type", "multiple_choice"), ("fewshot", "sampled from train"), ("scored", "partial")),
            Files = QuestionFile.Digests(test, train),
            Metrics = ["acc,none"],
            Items = [.. questions.Select((row, i) => new EvalItem
            {
                Id = $"{i}",
                Doc = row.Doc,
                Target = $"{row.Gold}",
                Scores = [.. row.Beginnings.Select(beginning => new ScoreRequest(
                    options.Prompt("", [.. examples[i].Select(e => (e.Beginnings[e.Gold], e.Rest))], beginning),
                    options.Continuation(row.Rest)))],
            })],
            Grade = MultipleChoice.Each((item, replies) => new ItemGrade(new Dictionary<string, double>
            {
                ["acc,none"] = MultipleChoice.Accuracy(replies.Likelihoods, int.Parse(item.Target)),
            })),
        }.WithOverlapFlagged(i => questions[i].Beginnings[0], i => examples[i].Select(e => e.Beginnings[0]));
    }

    /// <summary>The sentence up to and with each name, and what comes after the blank.</summary>
    internal sealed record Row(string[] Beginnings, string Rest, int Gold, JsonObject Doc);

    private static IEnumerable<Row> Read(string path) => QuestionFile.Read(path).Select(row => Parse(row, path));

    internal static Row Parse(JsonObject row, string path)
    {
        string sentence = QuestionFile.Text(row, "sentence", path), answer = row["answer"]?.ToString() ?? "";
        int blank = sentence.IndexOf('_', StringComparison.Ordinal);
        if (blank < 0) throw new InputException($"a sentence has no blank (_): {sentence}", path);
        if (answer is not ("1" or "2"))
            throw new InputException($"the answer `{answer}` is neither 1 nor 2", path,
                "The rows of the test split have no answers: take those of validation (dev.jsonl).");
        return new Row([.. ((string[])["option1", "option2"]).Select(o => sentence[..blank] + QuestionFile.Text(row, o, path))],
            sentence[(blank + 1)..].Trim(), answer[0] - '1', row);
    }

    private static string Find(TaskOptions options, string split, string original) => QuestionFile.FindWith("option1", options.Data, Name,
        $"winogrande/{original}", $"winogrande_1.1/{original}", original, $"winogrande/{split}.jsonl", $"winogrande/{split}.parquet",
        $"winogrande/winogrande_xl/{split}-00000-of-00001.parquet", $"winogrande_xl/{split}-00000-of-00001.parquet");
}
