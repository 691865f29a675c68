using System.Text.Json.Nodes;

namespace Hone.Evaluation;

/// <summary>One battle; a decisive verdict gives several of them.</summary>
/// <param name="ShareA">1 where A won, 0 where B did, 0.5 for a tie.</param>
internal sealed record ArenaBattle(string QuestionId, string A, string B, double ShareA)
{
    /// <summary>Reads battles (model_a, model_b, winner), or judgments (model, games) of either layout.</summary>
    /// <param name="baseline">The other side of judgments that do not name it.</param>
    /// <param name="rule">2024 leaves out a game without a verdict; today the question's other game goes with it.</param>
    /// <param name="excluded">Games without a usable verdict, or left out with one.</param>
    /// <exception cref="InputException">A row is neither.</exception>
    public static IReadOnlyList<ArenaBattle> Read(string path, string baseline, ArenaVerdictRule rule, out int excluded)
    {
        List<ArenaBattle> battles = [];
        excluded = 0;
        int at = 0;
        foreach (JsonObject row in QuestionFile.Read(path))
        {
            at++;
            if (row["games"] is not JsonArray games)
            {
                double share = QuestionFile.Text(row, "winner", path) switch
                {
                    "model_a" => 1,
                    "model_b" => 0,
                    "tie" or "tie (bothbad)" => 0.5,
                    string other => throw new InputException($"row {at}: the winner is `{other}`, not model_a, model_b or tie", path),
                };
                battles.Add(new ArenaBattle(Id(row), QuestionFile.Text(row, "model_a", path),
                    QuestionFile.Text(row, "model_b", path), share));
                continue;
            }
            string against = row["baseline"] is JsonValue named && named.TryGetValue(out string? name) ? name : baseline,
                model = QuestionFile.Text(row, "model", path);
            if (games.Count != 2) throw new InputException($"row {at} has {games.Count} games, not two", path);
            // In the second game the model is A: its verdict is turned round.
            (double Share, int Times)?[] verdicts = [Weigh(games[0], rule), Weigh(games[1], rule) is { } v ? (1 - v.Share, v.Times) : null];
            if (rule == ArenaVerdictRule.Today && verdicts.Any(x => x is null)) verdicts = [null, null];
            excluded += verdicts.Count(x => x is null);
            foreach ((double Share, int Times)? verdict in verdicts)
                if (verdict is { } known)
                    battles.AddRange(Enumerable.Repeat(new ArenaBattle(Id(row), against, model, known.Share), known.Times));
        }
        return battles;
    }

    private static (double Share, int Times)? Weigh(JsonNode? game, ArenaVerdictRule rule)
    {
        if (game is not JsonObject o) return null;
        string? judgment = o["judgment"] is JsonValue text && text.TryGetValue(out string? said) ? said : null;
        string? label = rule == ArenaVerdictRule.Own && judgment is not null ? ArenaVerdict.Own(judgment)
            : o["score"] is JsonValue score && score.TryGetValue(out string? stored) ? stored : null;
        return ArenaVerdict.Worth(label, rule);
    }

    private static string Id(JsonObject row) => row["question_id"] is JsonValue old && old.TryGetValue(out string? id) ? id
        : row["uid"] is JsonValue uid && uid.TryGetValue(out id) ? id : "";
}
