using System.Text.Json.Nodes;

namespace Hone.Evaluation;

/// <summary>Stored solutions of GSM8K, scored by both filters.</summary>
/// <param name="System">Who wrote them, where the file says so.</param>
/// <param name="Labelled">
/// Solutions that the file calls right or wrong (<c>is_correct</c>), and how many of them the flexible filter agrees
/// with.
/// </param>
internal sealed record Gsm8kSamples(string System, int Samples, int Strict, int Flexible, (int All, int Agree) Labelled)
{
    /// <summary>
    /// Reads samples of lm-evaluation-harness and Hone (<c>resps</c>, <c>target</c>), rows of <c>completion</c>, <c>output</c> or
    /// <c>solution</c> with <c>answer</c>, <c>target</c> or <c>ground_truth</c>, or OpenAI's file of several systems' solutions.
    /// </summary>
    /// <param name="problems">
    /// The benchmark's test file for rows without an answer, matched by <c>question</c>; null where they have one.
    /// </param>
    /// <exception cref="InputException">A row has no solution, or no answer is known.</exception>
    public static IReadOnlyList<Gsm8kSamples> OfFile(string path, string? problems)
    {
        Dictionary<string, string>? answers = problems is null ? null
            : QuestionFile.Read(problems).ToDictionary(r => QuestionFile.Text(r, "question", problems),
                r => QuestionFile.Text(r, "answer", problems));
        Dictionary<string, Gsm8kSamples> scores = [];
        int number = 0;
        foreach (JsonObject row in QuestionFile.Read(path))
        {
            string where = $"{path}: row {++number}";
            string gold = Gold(Answer(row, answers) ?? throw new InputException($"no answer is known; the row has "
                + $"{string.Join(", ", row.Select(p => $"`{p.Key}`"))}", where, "Give the benchmark's test file with --problems."));
            (string System, string Text, bool? Label)[] solutions = [.. Solutions(row)];
            if (solutions.Length == 0)
                throw new InputException($"there is no solution; the row has {string.Join(", ", row.Select(p => $"`{p.Key}`"))}", where,
                    "Solutions are in `resps`, `completion`, `output` or `solution`.");
            foreach ((string system, string text, bool? label) in solutions)
            {
                bool strict = Gsm8k.Clean(Gsm8k.Strict(text, Gsm8k.StrictAnswer())) == gold,
                    flexible = Gsm8k.Clean(Gsm8k.Flexible(text)) == gold;
                Gsm8kSamples so = scores.GetValueOrDefault(system) ?? new Gsm8kSamples(system, 0, 0, 0, default);
                scores[system] = new Gsm8kSamples(system, so.Samples + 1, so.Strict + (strict ? 1 : 0), so.Flexible + (flexible ? 1 : 0),
                    label is { } known ? (so.Labelled.All + 1, so.Labelled.Agree + (known == flexible ? 1 : 0)) : so.Labelled);
            }
        }
        return scores.Count > 0 ? [.. scores.Values] : throw new InputException("the file has no samples", path);
    }

    /// <summary>The figures under the harness's names.</summary>
    public JsonObject ToJson()
    {
        var json = new JsonObject
        {
            ["exact_match,strict-match"] = (double)Strict / Samples,
            ["exact_match,flexible-extract"] = (double)Flexible / Samples,
            ["n_samples"] = Samples,
            ["n_strict"] = Strict,
            ["n_flexible"] = Flexible,
        };
        if (Labelled.All > 0) (json["n_labelled"], json["n_agree_with_labels"]) = (Labelled.All, Labelled.Agree);
        return json;
    }

    private static string Gold(string answer) =>
        Gsm8k.Clean(answer.Contains("#### ", StringComparison.Ordinal) ? answer : Gsm8k.Flexible(answer));

    private static string? Answer(JsonObject row, Dictionary<string, string>? answers)
    {
        foreach (string name in (string[])["answer", "target", "ground_truth"])
            if (Text(row[name]) is { } own) return own;
        if (Text((row["doc"] as JsonObject)?["answer"]) is { } doc) return doc;
        return Text(row["question"]) is { } question ? answers?.GetValueOrDefault(question) : null;
    }

    private static IEnumerable<(string System, string Text, bool? Label)> Solutions(JsonObject row)
    {
        // The harness has a list of answers for each request.
        if (row["resps"] is JsonArray { Count: > 0 } replies
            && Text(replies[0] is JsonArray { Count: > 0 } inner ? inner[0] : replies[0]) is { } reply) yield return ("gsm8k", reply, null);
        foreach (string name in (string[])["completion", "output", "solution"])
            if (Text(row[name]) is { } text) yield return ("gsm8k", text, Label(row));
        foreach ((string system, JsonNode? value) in row)
            if (value is JsonObject o && Text(o["solution"]) is { } solution) yield return (system, solution, Label(o));
    }

    private static bool? Label(JsonObject row) => row["is_correct"] is JsonValue value && value.TryGetValue(out bool label) ? label : null;

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue(out string? text) ? text : null;
}
