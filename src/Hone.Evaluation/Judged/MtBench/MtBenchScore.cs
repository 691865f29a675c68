using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace Hone.Evaluation;

/// <summary>MT-Bench in single mode (Zheng et al. 2023, arXiv 2306.05685; FastChat <c>show_result.py</c>).</summary>
public sealed partial record MtBenchScore
{
    [JsonPropertyName("model")]
    public required string Model { get; init; }

    /// <summary>Mean score of first turns.</summary>
    [JsonPropertyName("turn_1")]
    public required double Turn1 { get; init; }

    [JsonPropertyName("turn_2")]
    public required double Turn2 { get; init; }

    /// <summary>Mean of all scores, not of the two means.</summary>
    [JsonPropertyName("average")]
    public required double Average { get; init; }

    /// <summary>Judgments with a score.</summary>
    [JsonPropertyName("n_valid")]
    public required int Valid { get; init; }

    /// <summary>Judgments without one (-1): in no mean.</summary>
    [JsonPropertyName("n_excluded")]
    public required int Excluded { get; init; }

    /// <summary>Scores of every model in a FastChat judgment file (question_id, model, judgment, score, turn).</summary>
    /// <exception cref="InputException">A row lacks model, score or turn.</exception>
    public static IReadOnlyList<MtBenchScore> OfFile(string path)
    {
        List<(string Model, double Score, int Turn)> rows = [];
        foreach (JsonObject row in QuestionFile.Read(path))
        {
            if (row["score"] is not JsonValue score || !score.TryGetValue(out double value) || row["turn"] is not JsonValue turn || !turn.TryGetValue(out int at))
                throw new InputException($"row {rows.Count + 1} has no `score` or `turn`; it has {string.Join(", ", row.Select(p => $"`{p.Key}`"))}", path, "Give a model_judgment file of FastChat.");
            rows.Add((QuestionFile.Text(row, "model", path), value, at));
        }
        return [.. rows.GroupBy(r => r.Model).Select(g =>
        {
            (string, double Score, int Turn)[] valid = [.. g.Where(r => r.Score != -1)];
            double Mean(IEnumerable<(string, double Score, int Turn)> part) => part.Select(r => r.Score).DefaultIfEmpty(double.NaN).Average();
            return new MtBenchScore
            {
                Model = g.Key,
                Turn1 = Mean(valid.Where(r => r.Turn == 1)),
                Turn2 = Mean(valid.Where(r => r.Turn == 2)),
                Average = Mean(valid),
                Valid = valid.Length,
                Excluded = g.Count() - valid.Length,
            };
        })];
    }

    /// <summary>The score in a judgment: the first [[n]], else the first [n], else -1.</summary>
    public static double Parse(string judgment)
    {
        Match match = Double().Match(judgment);
        if (!match.Success) match = Single().Match(judgment);
        return match.Success ? double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : -1;
    }

    [GeneratedRegex(@"\[\[(\d+\.?\d*)\]\]")]
    private static partial Regex Double();

    [GeneratedRegex(@"\[(\d+\.?\d*)\]")]
    private static partial Regex Single();
}
