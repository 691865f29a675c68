using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Hone.Evaluation;

/// <summary>MT-Bench in pairwise mode: a win needs both orders (FastChat <c>show_result --mode pairwise-baseline</c>).</summary>
internal sealed record MtBenchPairScore
{
    [JsonPropertyName("model")]
    public required string Model { get; init; }

    [JsonPropertyName("win")]
    public required int Wins { get; init; }

    [JsonPropertyName("loss")]
    public required int Losses { get; init; }

    /// <summary>Ties, and matches whose two games disagree.</summary>
    [JsonPropertyName("tie")]
    public required int Ties { get; init; }

    [JsonPropertyName("win_rate")]
    public double? WinRate => Share(Wins);

    [JsonPropertyName("loss_rate")]
    public double? LossRate => Share(Losses);

    /// <summary>Ties count half.</summary>
    [JsonPropertyName("win_rate_adjusted")]
    public double? WinRateAdjusted => Share(Wins + (Ties / 2.0));

    /// <summary>Matches with a game whose verdict could not be used: in no figure.</summary>
    [JsonPropertyName("n_excluded")]
    public required int Excluded { get; init; }

    /// <summary>Matches that come out otherwise by the last verdict of each game, outside of reasoning.</summary>
    [JsonPropertyName("n_readings_differ")]
    public int ReadingsDiffer { get; init; }

    private int Total => Wins + Losses + Ties;

    // Without a match there is no rate.
    private double? Share(double part) => Total == 0 ? null : part / Total;

    /// <summary>Scores of every model in a FastChat judgment file; the baseline's own row is left out.</summary>
    /// <param name="baseline">Only matches against it count; null counts all matches of every model.</param>
    /// <exception cref="InputException">A row is no match.</exception>
    public static IReadOnlyList<MtBenchPairScore> OfFile(string path, string? baseline = null)
    {
        var results = new Dictionary<string, MtBenchPairScore>();
        void Add(string model, int won, int lost, int tie, int excluded, int differ)
        {
            MtBenchPairScore before = results.GetValueOrDefault(model)
                ?? new MtBenchPairScore { Model = model, Wins = 0, Losses = 0, Ties = 0, Excluded = 0 };
            results[model] = before with
            {
                Wins = before.Wins + won,
                Losses = before.Losses + lost,
                Ties = before.Ties + tie,
                Excluded = before.Excluded + excluded,
                ReadingsDiffer = before.ReadingsDiffer + differ,
            };
        }
        foreach (JsonObject row in QuestionFile.Read(path))
        {
            string one = QuestionFile.Text(row, "model_1", path), two = QuestionFile.Text(row, "model_2", path);
            if (baseline is not null && one != baseline && two != baseline) continue;
            string? outcome = Outcome(QuestionFile.Text(row, "g1_winner", path), QuestionFile.Text(row, "g2_winner", path));
            int won = outcome == "model_1" ? 1 : 0, lost = outcome == "model_2" ? 1 : 0, tie = outcome == "tie" ? 1 : 0;
            int excluded = outcome is null ? 1 : 0;
            int differ = row["g1_own_winner"] is JsonValue own1 && row["g2_own_winner"] is JsonValue own2
                && Outcome(own1.ToString(), own2.ToString()) != outcome ? 1 : 0;
            Add(one, won, lost, tie, excluded, differ);
            Add(two, lost, won, tie, excluded, differ);
        }
        return [.. results.Values.Where(r => r.Model != baseline)];
    }

    /// <summary>A match's winner; tie where its two games disagree, null where one has no usable verdict.</summary>
    private static string? Outcome(string game1, string game2)
    {
        if (game1 is not ("model_1" or "model_2" or "tie") || game2 is not ("model_1" or "model_2" or "tie")) return null;
        return game1 == game2 ? game1 : "tie";
    }
}
