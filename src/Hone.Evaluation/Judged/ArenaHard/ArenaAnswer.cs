using System.Text.Json.Nodes;

namespace Hone.Evaluation;

/// <summary>A question of Arena-Hard, in today's layout (uid, prompt) or that of 2024 (question_id, turns).</summary>
internal sealed record ArenaQuestion(string Id, string Prompt)
{
    /// <exception cref="InputException">A row is no question.</exception>
    public static IReadOnlyList<ArenaQuestion> Read(string path) => [.. QuestionFile.Read(path).Select(row => row.ContainsKey("uid")
        ? new ArenaQuestion(QuestionFile.Text(row, "uid", path), QuestionFile.Text(row, "prompt", path))
        : new ArenaQuestion(QuestionFile.Text(row, "question_id", path), ArenaAnswer.Turn(row, row["turns"], path)))];
}

/// <summary>An answer of Arena-Hard, in either layout.</summary>
/// <param name="TokenLength">The count that the file holds; null where it holds none.</param>
internal sealed record ArenaAnswer(string QuestionId, string Model, string Text, int? TokenLength)
{
    /// <summary>Answers of one model by question.</summary>
    /// <exception cref="InputException">A row is no answer, or the rows are of several models.</exception>
    public static IReadOnlyDictionary<string, ArenaAnswer> Read(string path)
    {
        var answers = new Dictionary<string, ArenaAnswer>();
        foreach (JsonObject row in QuestionFile.Read(path))
        {
            ArenaAnswer answer = row.ContainsKey("uid") ? OfToday(row, path) : Of2024(row, path);
            if (answers.Values.FirstOrDefault() is { } other && other.Model != answer.Model)
                throw new InputException($"the file holds answers of {other.Model} and of {answer.Model}",
                    path, "Give one file per model.");
            answers[answer.QuestionId] = answer;
        }
        return answers.Count > 0 ? answers : throw new InputException("the file has no answers", path);
    }

    internal static string Turn(JsonObject row, JsonNode? turns, string path) => turns is JsonArray { Count: > 0 } list
        && Content(list[^1]) is { } text ? text
        : throw new InputException($"a row has no `turns` with a text; it has {string.Join(", ", row.Select(p => $"`{p.Key}`"))}", path);

    private static ArenaAnswer OfToday(JsonObject row, string path) => row["messages"] is JsonArray { Count: > 0 } messages
        && messages[^1] is JsonObject last && Content(last) is { } text
        ? new ArenaAnswer(QuestionFile.Text(row, "uid", path), QuestionFile.Text(row, "model", path), text, Length(row["metadata"]))
        : throw new InputException("a row has no `messages` with an answer", path, "Give a model_answer file of Arena-Hard.");

    private static ArenaAnswer Of2024(JsonObject row, string path)
    {
        JsonNode? turns = row["choices"] is JsonArray { Count: > 0 } choices && choices[0] is JsonObject first ? first["turns"] : null;
        return new ArenaAnswer(QuestionFile.Text(row, "question_id", path), QuestionFile.Text(row, "model_id", path),
            Turn(row, turns, path),
            Length(row["conv_metadata"]) ?? Length(turns is JsonArray { Count: > 0 } list ? list[^1] : null));
    }

    // A text, or an object with it in `content` or `answer`, one inside the other.
    private static string? Content(JsonNode? node) => node switch
    {
        JsonValue value when value.TryGetValue(out string? text) => text,
        JsonObject o => Content(o["content"] ?? o["answer"]),
        _ => null,
    };

    private static int? Length(JsonNode? node) => node is JsonObject o && o["token_len"] is JsonValue v && v.TryGetValue(out int count)
        ? count : null;
}
