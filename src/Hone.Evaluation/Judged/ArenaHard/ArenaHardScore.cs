using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Hone.Data;

namespace Hone.Evaluation;

/// <summary>Arena-Hard v0.1 (Li et al. 2024, arXiv 2406.11939) as the 2024 leaderboard scores it: the chance to beat the baseline.</summary>
public sealed partial record ArenaHardScore
{
    public const string Baseline = "gpt-4-0314";
    private const int Rounds = 100;

    [JsonPropertyName("model")]
    public required string Model { get; init; }

    /// <summary>P(beats the baseline) in percent, by Bradley-Terry over the pool.</summary>
    [JsonPropertyName("score")]
    public required double Score { get; init; }

    /// <summary>2.5% quantile of 100 bootstrap rounds over the pooled battles.</summary>
    [JsonPropertyName("lower")]
    public required double Lower { get; init; }

    [JsonPropertyName("upper")]
    public required double Upper { get; init; }

    [JsonPropertyName("n_battles")]
    public required int Battles { get; init; }

    /// <summary>Reads battles (model_a, model_b, winner), a decisive verdict already written three times, and scores every model in them.</summary>
    /// <exception cref="InputException">A row is no battle, or nobody met the baseline.</exception>
    public static IReadOnlyList<ArenaHardScore> OfFile(string path, string baseline = Baseline, ulong seed = 42)
    {
        List<(string A, string B, double A1)> battles = [];
        foreach (JsonObject row in QuestionFile.Read(path))
        {
            double share = QuestionFile.Text(row, "winner", path) switch
            {
                "model_a" => 1,
                "model_b" => 0,
                "tie" or "tie (bothbad)" => 0.5,
                string other => throw new InputException($"row {battles.Count + 1}: the winner is `{other}`, not model_a, model_b or tie", path),
            };
            battles.Add((QuestionFile.Text(row, "model_a", path), QuestionFile.Text(row, "model_b", path), share));
        }
        string[] models = [baseline, .. battles.SelectMany(b => (string[])[b.A, b.B]).Distinct().Where(m => m != baseline)];
        if (!battles.Any(b => b.A == baseline || b.B == baseline)) throw new InputException($"no battle is against the baseline {baseline}", path);
        int[] a = [.. battles.Select(b => Array.IndexOf(models, b.A))], b = [.. battles.Select(x => Array.IndexOf(models, x.B))];
        double[] Scores(Func<int, double> times)
        {
            var wins = new double[models.Length, models.Length];
            for (int i = 0; i < battles.Count; i++)
            {
                wins[a[i], b[i]] += times(i) * battles[i].A1;
                wins[b[i], a[i]] += times(i) * (1 - battles[i].A1);
            }
            return [.. BradleyTerry.Fit(wins).Select(s => 100 / (1 + Math.Exp(-s)))];
        }
        double[] scores = Scores(_ => 1);
        var random = new Xoshiro256(seed);
        double[][] drawn = [.. Enumerable.Range(0, Rounds).Select(_ =>
        {
            int[] times = new int[battles.Count];
            for (int i = 0; i < times.Length; i++) times[random.Next(times.Length)]++;
            return Scores(i => times[i]);
        })];
        return [.. models.Skip(1).Select((model, i) => new ArenaHardScore
        {
            Model = model,
            Score = scores[i + 1],
            Lower = Bootstrap.Quantile([.. drawn.Select(d => d[i + 1]).Order()], 0.025),
            Upper = Bootstrap.Quantile([.. drawn.Select(d => d[i + 1]).Order()], 0.975),
            Battles = battles.Count(x => x.A == model || x.B == model),
        })];
    }

    /// <summary>The verdict of 2024: the one label in [[ ]]; null where there is none, or several different ones.</summary>
    public static string? Verdict2024(string judgment)
    {
        string[] labels = [.. DoubleBrackets().Matches(judgment).Select(m => m.Groups[1].Value).Distinct()];
        return labels.Length == 1 ? labels[0] : null;
    }

    /// <summary>Today's verdict: the last label in [[ ]], else in [ ], in upper case.</summary>
    public static string? VerdictToday(string judgment)
    {
        string upper = judgment.ToUpperInvariant();
        return DoubleBrackets().Matches(upper).LastOrDefault()?.Groups[1].Value ?? SingleBrackets().Matches(upper).LastOrDefault()?.Groups[1].Value;
    }

    [GeneratedRegex(@"\[\[([AB<>=]+)\]\]")]
    private static partial Regex DoubleBrackets();

    [GeneratedRegex(@"\[([AB<>=]+)\]")]
    private static partial Regex SingleBrackets();
}
