using System.Globalization;
using System.Text.Json.Nodes;
using Hone.Data;
using Hone.Text;

namespace Hone.Server;

/// <summary>What somebody thought of two answers to one prompt, and the answers.</summary>
/// <param name="Winner">As arenas write it: <c>model_a</c>, <c>model_b</c>, <c>tie</c>, <c>tie (bothbad)</c>.</param>
internal sealed record Vote(
    DateTimeOffset Time, string ModelA, string ModelB, string Winner, IReadOnlyList<ChatMessage> Prompt, string AnswerA, string AnswerB)
{
    public const string A = "model_a", B = "model_b", Tie = "tie", BothBad = "tie (bothbad)";

    /// <summary>
    /// The row that reward models and DPO are trained on; null for a vote that prefers neither, and for answers of which nothing
    /// can be learnt: one is empty, or they are the same.
    /// </summary>
    public PairRow? Pair => Winner is not (A or B) || AnswerA == AnswerB
        || string.IsNullOrWhiteSpace(AnswerA) || string.IsNullOrWhiteSpace(AnswerB) ? null
        : Winner == A ? new PairRow(Prompt, AnswerA, AnswerB) : new PairRow(Prompt, AnswerB, AnswerA);

    public JsonObject ToJson() => new()
    {
        ["time"] = Time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
        ["model_a"] = ModelA,
        ["model_b"] = ModelB,
        ["winner"] = Winner,
        ["prompt"] = new JsonArray([.. Prompt.Select(m => new JsonObject { ["role"] = m.Role, ["content"] = m.Content })]),
        ["answer_a"] = AnswerA,
        ["answer_b"] = AnswerB,
    };

    /// <exception cref="FormatException">It is no vote.</exception>
    public static Vote FromJson(JsonNode? row)
    {
        string Text(JsonNode? of, string name) => of?[name] is JsonValue value && value.TryGetValue(out string? text) ? text
            : throw new FormatException($"it has no `{name}`");
        if (row?["prompt"] is not JsonArray prompt) throw new FormatException("it has no `prompt`");
        string winner = Text(row, "winner");
        if (winner is not (A or B or Tie or BothBad)) throw new FormatException($"its winner is `{winner}`");
        return new Vote(DateTimeOffset.Parse(Text(row, "time"), CultureInfo.InvariantCulture), Text(row, "model_a"), Text(row, "model_b"),
            winner, [.. prompt.Select(m => new ChatMessage(Text(m, "role"), Text(m, "content")))], Text(row, "answer_a"),
            Text(row, "answer_b"));
    }
}
