using System.Text.Json.Nodes;

namespace Hone.Evaluation;

/// <summary>
/// ARC-Challenge (Clark et al. 2018, arXiv 1803.05457): the text of each choice after "Answer:" is scored. Examples are drawn
/// from the training questions, anew for each question.
/// </summary>
internal static class Arc
{
    public static EvalTask Create(TaskOptions options)
    {
        const string Name = "arc_challenge";
        string test = QuestionFile.Find(options.Data, Name, "arc/ARC-Challenge-Test.jsonl", "arc/test.jsonl", "ARC-Challenge-Test.jsonl",
            "arc/test.parquet", "ARC-Challenge/test-00000-of-00001.parquet", "arc/ARC-Challenge/test-00000-of-00001.parquet");
        int shots = options.NumFewshot ?? 0;
        string? train = shots == 0 ? null
            : QuestionFile.Find(options.Data, Name, "arc/ARC-Challenge-Train.jsonl", "arc/train.jsonl", "ARC-Challenge-Train.jsonl",
            "arc/train.parquet", "ARC-Challenge/train-00000-of-00001.parquet", "arc/ARC-Challenge/train-00000-of-00001.parquet");
        Row[] questions = [.. Read(test)], pool = train is null ? [] : [.. Read(train)];
        IReadOnlyList<IReadOnlyList<Row>> examples = options.SampleExamples(pool, shots, questions.Length);
        return new EvalTask
        {
            Name = Name,
            Version = "1",
            NumFewshot = shots,
            Settings = options.Settings(("output_type", "multiple_choice"), ("fewshot", "sampled from train")),
            Files = (train is null ? new[] { test } : [test, train]).ToDictionary(f => Path.GetFileName(f), QuestionFile.Digest),
            Metrics = ["acc,none", "acc_norm,none"],
            Items = [.. questions.Select((row, i) => new EvalItem
            {
                Id = $"{i}",
                Doc = row.Doc,
                Target = $"{row.Gold}",
                Scores = [.. row.Choices.Select(choice => new ScoreRequest(
                    options.Prompt("", [.. examples[i].Select(e => (e.Prompt, e.Choices[e.Gold]))], row.Prompt),
                    options.Continuation(choice)))],
            })],
            Grade = MultipleChoice.Each((item, replies) =>
            {
                Row row = Parse(item.Doc, test);
                return new ItemGrade(new Dictionary<string, double>
                {
                    ["acc,none"] = MultipleChoice.Accuracy(replies.Likelihoods, row.Gold),
                    ["acc_norm,none"] = MultipleChoice.NormalizedAccuracy(replies.Likelihoods, row.Choices, row.Gold),
                });
            }),
        }.WithOverlapFlagged(i => questions[i].Question, i => examples[i].Select(e => e.Question));
    }

    internal sealed record Row(string Question, string[] Choices, int Gold, JsonObject Doc)
    {
        public string Prompt => $"Question: {Question}\nAnswer:";
    }

    internal static IEnumerable<Row> Read(string path) => QuestionFile.Read(path).Select(row => Parse(row, path));

    /// <summary>Both layouts: Hugging Face's (choices as two lists) and AI2's (a stem and a list of choices). Keys may be 1 to 4.</summary>
    private static Row Parse(JsonObject row, string path)
    {
        string key = QuestionFile.Text(row, "answerKey", path);
        string[] labels, texts;
        string question;
        if (row["question"] is JsonObject ai2)
        {
            question = QuestionFile.Text(ai2, "stem", path);
            JsonObject[] choices = [.. ((JsonArray)ai2["choices"]!).Select(c => c!.AsObject())];
            (labels, texts) = ([.. choices.Select(c => QuestionFile.Text(c, "label", path))],
                [.. choices.Select(c => QuestionFile.Text(c, "text", path))]);
        }
        else
        {
            question = QuestionFile.Text(row, "question", path);
            labels = [.. ((JsonArray)row["choices"]!["label"]!).Select(l => (string)l!)];
            texts = [.. ((JsonArray)row["choices"]!["text"]!).Select(t => (string)t!)];
        }
        int gold = Array.IndexOf(labels, key);
        return gold >= 0 ? new Row(question, texts, gold, row)
            : throw new InputException($"the answer `{key}` is none of {string.Join(", ", labels)}", path);
    }
}
