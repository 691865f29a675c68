using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Hone.Evaluation;

/// <summary>MT-Bench in single mode (Zheng et al. 2023, arXiv 2306.05685; FastChat <c>show_result.py</c>).</summary>
internal sealed record MtBenchScore
{
    [JsonPropertyName("model")]
    public required string Model { get; init; }

    /// <summary>Mean score of first turns; null where none has one.</summary>
    [JsonPropertyName("turn_1")]
    public required double? Turn1 { get; init; }

    [JsonPropertyName("turn_2")]
    public required double? Turn2 { get; init; }

    /// <summary>Mean of all scores, not of the two means.</summary>
    [JsonPropertyName("average")]
    public required double? Average { get; init; }

    /// <summary>Judgments with a score.</summary>
    [JsonPropertyName("n_valid")]
    public required int Valid { get; init; }

    /// <summary>Judgments without one (-1), or with one outside of 1 to 10: in no mean.</summary>
    [JsonPropertyName("n_excluded")]
    public required int Excluded { get; init; }

    /// <summary>Mean of the last grade of each judgment, outside of reasoning; null where no text is there to read.</summary>
    [JsonPropertyName("own_average")]
    public double? OwnAverage { get; init; }

    /// <summary>Judgments that upstream's rule and Hone's read differently.</summary>
    [JsonPropertyName("n_readings_differ")]
    public int ReadingsDiffer { get; init; }

    /// <summary>Scores of every model in a FastChat judgment file (question_id, model, judgment, score, turn).</summary>
    /// <exception cref="InputException">A row lacks model, score or turn.</exception>
    public static IReadOnlyList<MtBenchScore> OfFile(string path)
    {
        List<(string Model, double Score, int Turn, Verdict<double>? Read)> rows = [];
        foreach (JsonObject row in QuestionFile.Read(path))
        {
            if (row["score"] is not JsonValue score || !score.TryGetValue(out double value) || row["turn"] is not JsonValue turn
                || !turn.TryGetValue(out int at))
                throw new InputException($"row {rows.Count + 1} has no `score` or `turn`; it has "
                    + $"{string.Join(", ", row.Select(p => $"`{p.Key}`"))}", path, "Give a model_judgment file of FastChat.");
            Verdict<double>? read = row["judgment"] is JsonValue text && text.TryGetValue(out string? judgment)
                ? GradeVerdict.Read(judgment) : null;
            rows.Add((QuestionFile.Text(row, "model", path), value, at, read));
        }
        return [.. rows.GroupBy(r => r.Model).Select(g =>
        {
            var valid = g.Where(r => GradeVerdict.IsGrade(r.Score)).ToArray();
            double?[] own = [.. g.Select(r => r.Read?.Own).Where(o => o is not null)];
            return new MtBenchScore
            {
                Model = g.Key,
                Turn1 = Mean(valid.Where(r => r.Turn == 1).Select(r => r.Score)),
                Turn2 = Mean(valid.Where(r => r.Turn == 2).Select(r => r.Score)),
                Average = Mean(valid.Select(r => r.Score)),
                Valid = valid.Length,
                Excluded = g.Count() - valid.Length,
                OwnAverage = Mean(own.Select(o => o!.Value)),
                ReadingsDiffer = g.Count(r => r.Read?.Flags.Contains(VerdictFlags.Differs) == true),
            };
        })];
    }

    private static double? Mean(IEnumerable<double> scores) => scores.Select(s => (double?)s).Average();
}
