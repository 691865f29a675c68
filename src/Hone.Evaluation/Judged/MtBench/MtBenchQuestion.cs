using System.Text.Json.Nodes;

namespace Hone.Evaluation;

/// <summary>A question of MT-Bench: two turns, the second of which follows on the model's own first answer.</summary>
/// <param name="Turns">The user's turns. [2]</param>
internal sealed record MtBenchQuestion(int Id, string Category, IReadOnlyList<string> Turns)
{
    /// <summary>Math, reasoning and coding are judged beside a reference answer.</summary>
    public bool NeedsReference => Category is "math" or "reasoning" or "coding";

    /// <summary>FastChat's temperature of an answer by category; 0.7 for one it does not know.</summary>
    public double Temperature => Category switch
    {
        "writing" or "roleplay" => 0.7,
        "stem" or "humanities" => 0.1,
        "extraction" or "math" or "coding" or "reasoning" => 0,
        _ => 0.7,
    };

    /// <summary>Reads FastChat's <c>question.jsonl</c>.</summary>
    /// <exception cref="InputException">A row is no question of two turns.</exception>
    public static IReadOnlyList<MtBenchQuestion> Read(string path) => [.. QuestionFile.Read(path).Select(row =>
        row["turns"] is JsonArray { Count: 2 } turns && turns.All(t => t is JsonValue v && v.TryGetValue(out string? _))
            ? new MtBenchQuestion(IdOf(row, path), QuestionFile.Text(row, "category", path), [.. turns.Select(t => (string)t!)])
            : throw new InputException("a row has no `turns` of two texts", path, "Give FastChat's question.jsonl."))];

    /// <summary>Answers of FastChat's <c>model_answer</c> layout by question: both turns of the first choice.</summary>
    /// <param name="model">The model that the file's rows name.</param>
    /// <exception cref="InputException">A row is no answer, or the rows are of several models.</exception>
    public static IReadOnlyDictionary<int, IReadOnlyList<string>> ReadAnswers(string path, out string model)
    {
        var answers = new Dictionary<int, IReadOnlyList<string>>();
        string? name = null;
        foreach (JsonObject row in QuestionFile.Read(path))
        {
            string id = QuestionFile.Text(row, "model_id", path);
            if ((name ??= id) != id)
                throw new InputException($"the file holds answers of {name} and of {id}", path, "Give one file per model.");
            if (row["choices"] is not JsonArray { Count: > 0 } choices || choices[0] is not JsonObject first
                || first["turns"] is not JsonArray { Count: 2 } turns
                || !turns.All(t => t is JsonValue v && v.TryGetValue(out string? _)))
                throw new InputException($"the row of question {IdOf(row, path)} has no `choices` with two `turns`", path,
                    "Give a model_answer file of FastChat.");
            answers[IdOf(row, path)] = [.. turns.Select(t => (string)t!)];
        }
        model = name ?? throw new InputException("the file has no answers", path);
        return answers;
    }

    private static int IdOf(JsonObject row, string path) => row["question_id"] is JsonValue id && id.TryGetValue(out int value) ? value
        : throw new InputException("a row has no `question_id`", path);
}
