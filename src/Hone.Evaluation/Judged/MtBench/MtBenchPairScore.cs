using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Hone.Evaluation;

/// <summary>MT-Bench in pairwise mode: a win needs both orders (FastChat <c>show_result --mode pairwise-baseline</c>).</summary>
public sealed record MtBenchPairScore
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
    public double WinRate => Wins / (double)Math.Max(1, Total);

    [JsonPropertyName("loss_rate")]
    public double LossRate => Losses / (double)Math.Max(1, Total);

    /// <summary>Ties count half.</summary>
    [JsonPropertyName("win_rate_adjusted")]
    public double WinRateAdjusted => (Wins + (Ties / 2.0)) / Math.Max(1, Total);

    /// <summary>Matches with a game whose verdict could not be used: in no figure.</summary>
    [JsonPropertyName("n_excluded")]
    public required int Excluded { get; init; }

    private int Total => Wins + Losses + Ties;

    /// <summary>Scores of every model in a FastChat judgment file; the baseline's own row is left out.</summary>
    /// <param name="baseline">Only matches against it count; null counts all matches of every model.</param>
    /// <exception cref="InputException">A row is no match.</exception>
    public static IReadOnlyList<MtBenchPairScore> OfFile(string path, string? baseline = null)
    {
        var results = new Dictionary<string, (int Win, int Loss, int Tie, int Excluded)>();
        void Add(string model, int win, int loss, int tie, int excluded)
        {
            (int w, int l, int t, int e) = results.GetValueOrDefault(model);
            results[model] = (w + win, l + loss, t + tie, e + excluded);
        }
        foreach (JsonObject row in QuestionFile.Read(path))
        {
            string one = QuestionFile.Text(row, "model_1", path), two = QuestionFile.Text(row, "model_2", path);
            string g1 = QuestionFile.Text(row, "g1_winner", path), g2 = QuestionFile.Text(row, "g2_winner", path);
            if (baseline is not null && one != baseline && two != baseline) continue;
            int excluded = g1 == "error" || g2 == "error" ? 1 : 0, decided = excluded == 0 && g1 == g2 && g1 != "tie" ? 1 : 0, tie = 1 - excluded - decided;
            int won = g1 == "model_1" ? decided : 0;
            Add(one, won, decided - won, tie, excluded);
            Add(two, decided - won, won, tie, excluded);
        }
        return [.. results.Where(r => r.Key != baseline).Select(r => new MtBenchPairScore { Model = r.Key, Wins = r.Value.Win, Losses = r.Value.Loss, Ties = r.Value.Tie, Excluded = r.Value.Excluded })];
    }
}
