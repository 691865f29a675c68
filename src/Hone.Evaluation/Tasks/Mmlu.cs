using System.Text.Json.Nodes;
using Hone.Data;

namespace Hone.Evaluation;

/// <summary>
/// MMLU (Hendrycks et al. 2021, arXiv 2009.03300): 57 subjects, four choices, the letter after "Answer:" is scored. The
/// examples are the first of the subject's dev questions.
/// </summary>
public static class Mmlu
{
    public const string Version = "2";
    private const string Letters = "ABCD";

    /// <summary>Subjects by group, as lm-evaluation-harness groups them (it counts anatomy as STEM).</summary>
    public static readonly IReadOnlyDictionary<string, string[]> Groups = new Dictionary<string, string[]>
    {
        ["mmlu_humanities"] =
        [
            "formal_logic", "high_school_european_history", "high_school_us_history", "high_school_world_history",
            "international_law", "jurisprudence",
            "logical_fallacies", "moral_disputes", "moral_scenarios", "philosophy", "prehistory", "professional_law", "world_religions",
        ],
        ["mmlu_other"] =
        [
            "business_ethics", "clinical_knowledge", "college_medicine", "global_facts", "human_aging",
            "management", "marketing", "medical_genetics",
            "miscellaneous", "nutrition", "professional_accounting", "professional_medicine", "virology",
        ],
        ["mmlu_social_sciences"] =
        [
            "econometrics", "high_school_geography", "high_school_government_and_politics", "high_school_macroeconomics",
            "high_school_microeconomics",
            "high_school_psychology", "human_sexuality", "professional_psychology", "public_relations", "security_studies",
            "sociology", "us_foreign_policy",
        ],
        ["mmlu_stem"] =
        [
            "abstract_algebra", "anatomy", "astronomy", "college_biology", "college_chemistry", "college_computer_science",
            "college_mathematics", "college_physics",
            "computer_security", "conceptual_physics", "electrical_engineering", "elementary_mathematics",
            "high_school_biology", "high_school_chemistry",
            "high_school_computer_science", "high_school_mathematics", "high_school_physics", "high_school_statistics", "machine_learning",
        ],
    };

    public static IEnumerable<string> Subjects => Groups.Values.SelectMany(s => s).Order(StringComparer.Ordinal);

    public static EvalTask Create(string subject, TaskOptions options)
    {
        string test = QuestionFile.Find(options.Data, $"mmlu_{subject}", $"mmlu/test/{subject}_test.csv", $"mmlu/test/{subject}.csv",
            $"test/{subject}_test.csv", $"mmlu/{subject}/test-00000-of-00001.parquet", $"{subject}/test-00000-of-00001.parquet");
        int shots = options.NumFewshot ?? 0;
        string? dev = shots == 0 ? null
            : QuestionFile.Find(options.Data, $"mmlu_{subject}", $"mmlu/dev/{subject}_dev.csv", $"mmlu/dev/{subject}.csv",
            $"dev/{subject}_dev.csv", $"mmlu/{subject}/dev-00000-of-00001.parquet", $"{subject}/dev-00000-of-00001.parquet");
        Row[] questions = [.. Read(test)], pool = dev is null ? [] : [.. Read(dev)];
        if (shots > pool.Length) throw new InputException($"{shots} examples are asked for, the subject has {pool.Length}", dev ?? test);
        (string, string)[] examples = [.. pool.Take(shots).Select(r => (r.Prompt, $"{Letters[r.Gold]}"))];
        string description = $"The following are multiple choice questions (with answers) about {subject.Replace('_', ' ')}.\n\n";
        return new EvalTask
        {
            Name = $"mmlu_{subject}",
            Version = Version,
            Group = Groups.First(g => g.Value.Contains(subject)).Key,
            NumFewshot = shots,
            Settings = options.Settings(("output_type", "multiple_choice"), ("fewshot", "first_n of dev")),
            Files = (dev is null ? new[] { test } : [test, dev]).ToDictionary(f => Path.GetFileName(f), QuestionFile.Digest),
            Metrics = ["acc,none"],
            Items = [.. questions.Select((row, i) => new EvalItem
            {
                Id = $"{i}",
                Doc = row.Doc,
                Target = $"{Letters[row.Gold]}",
                Scores = [.. Letters.Select(letter => new ScoreRequest(options.Prompt(description, examples, row.Prompt),
                    options.Continuation($"{letter}")))],
            })],
            Grade = MultipleChoice.Each((item, replies) => new ItemGrade(
                new Dictionary<string, double>
                {
                    ["acc,none"] = MultipleChoice.Accuracy(replies.Likelihoods, Letters.IndexOf(item.Target[0])),
                })),
        }.WithOverlapFlagged(i => questions[i].Prompt, _ => examples.Select(e => e.Item1));
    }

    /// <summary>A question with its four choices.</summary>
    internal sealed record Row(string Question, string[] Choices, int Gold, JsonObject Doc)
    {
        public string Prompt => $"{Question.Trim()}\n{string.Join("", Choices.Select((c, i) => $"{Letters[i]}. {c}\n"))}Answer:";
    }

    /// <summary>
    /// CSV with a header and answers 0 to 3, or as in the original archive: no header, answers A to D. Other files have the
    /// hub's columns: question, a list of choices, and an answer 0 to 3.
    /// </summary>
    internal static IEnumerable<Row> Read(string path)
    {
        IEnumerable<string[]> rows = path.EndsWith(".csv", StringComparison.OrdinalIgnoreCase) ? CsvRecords.Read(path).Select(r => r.Cells)
            : QuestionFile.Read(path).Select(Cells);
        foreach (string[] cells in rows)
        {
            if (cells is ["question", ..]) continue;
            if (cells.Length != 6) throw new InputException($"a row has {cells.Length} cells, not question, four choices and answer", path);
            int gold = cells[5].Trim() is { Length: 1 } answer ? "0123".IndexOf(answer[0]) is >= 0 and int digit
                ? digit : Letters.IndexOf(answer[0]) : -1;
            if (gold < 0) throw new InputException($"the answer `{cells[5]}` is neither 0 to 3 nor A to D", path);
            yield return new Row(cells[0], cells[1..5], gold, new JsonObject
            {
                ["question"] = cells[0], ["choices"] = new JsonArray([.. cells[1..5].Select(c => (JsonNode)c)]), ["answer"] = gold,
            });
        }
    }

    private static string[] Cells(JsonObject row) =>
        [(string?)row["question"] ?? "", .. row["choices"] is JsonArray choices ? choices.Select(c => c?.ToString() ?? "")
            : [], row["answer"]?.ToString() ?? ""];
}
