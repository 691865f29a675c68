using System.Text.Json.Serialization;
using Hone.Data;

namespace Hone.Evaluation;

/// <summary>
/// Arena-Hard v0.1 (Li et al. 2024, arXiv 2406.11939) as the 2024 leaderboard scores it: the chance to beat the
/// baseline.
/// </summary>
internal sealed record ArenaHardScore
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
    public required double? Lower { get; init; }

    [JsonPropertyName("upper")]
    public required double? Upper { get; init; }

    [JsonPropertyName("n_battles")]
    public required int Battles { get; init; }

    /// <summary>Games without a usable verdict: in no figure.</summary>
    [JsonPropertyName("n_excluded")]
    public int Excluded { get; init; }

    /// <summary>The same with length and Markdown held equal; null where it was not asked for.</summary>
    [JsonPropertyName("style_controlled_score")]
    public double? StyleScore { get; init; }

    [JsonPropertyName("style_controlled_lower")]
    public double? StyleLower { get; init; }

    [JsonPropertyName("style_controlled_upper")]
    public double? StyleUpper { get; init; }

    /// <summary>Reads battles, a decisive verdict already written three times, or judgments, and scores every model in them.</summary>
    /// <param name="styles">An answer's style by model and question, for style control; null leaves it out.</param>
    /// <exception cref="InputException">A row is no battle, or nobody met the baseline.</exception>
    public static IReadOnlyList<ArenaHardScore> OfFile(
        string path, string baseline = Baseline, ulong seed = 42, ArenaVerdictRule rule = ArenaVerdictRule.Of2024,
        Func<string, string, ArenaStyle>? styles = null)
    {
        IReadOnlyList<ArenaBattle> battles = ArenaBattle.Read(path, baseline, rule, out int excluded);
        if (battles.Count == 0 && excluded > 0) throw new InputException($"none of the {excluded} games has a usable verdict", path);
        if (!battles.Any(b => b.A == baseline || b.B == baseline)) throw new InputException($"no battle is against the baseline {baseline}",
            path, $"Battles are of {string.Join(", ", battles.SelectMany(b => (string[])[b.A, b.B]).Distinct().Take(5))}.");
        return Of(battles, baseline, seed, rule, excluded, styles);
    }

    /// <summary>
    /// Scores of every model. 2024: Bradley-Terry over the pool, 2.5 and 97.5% quantiles of 100 bootstrap rounds. Today: mean, 5
    /// and 95% quantiles of 100 bootstrap means of the model's own battles.
    /// </summary>
    public static IReadOnlyList<ArenaHardScore> Of(
        IReadOnlyList<ArenaBattle> battles, string baseline, ulong seed = 42, ArenaVerdictRule rule = ArenaVerdictRule.Of2024,
        int excluded = 0, Func<string, string, ArenaStyle>? styles = null)
    {
        string[] models = [baseline, .. battles.SelectMany(b => (string[])[b.A, b.B]).Distinct().Where(m => m != baseline)];
        var pool = new Pool(battles, models);
        bool today = rule == ArenaVerdictRule.Today;
        double[] scores = pool.Scores();
        double[][] drawn = pool.Resample(Rounds, seed, today, times => pool.TryScores(times) ?? [.. models.Select(_ => double.NaN)]);
        ArenaStyleControl? control = styles is null ? null : new ArenaStyleControl(battles, models, styles);
        double[]? controlled = control?.Scores(null);
        double[][] controlledDrawn = control is null ? [] : pool.Resample(Rounds, seed, false, control.Scores);
        (double low, double high) = today ? (0.05, 0.95) : (0.025, 0.975);
        return [.. models.Index().Skip(1).Select(m =>
        {
            double[] own = [.. drawn.Select(d => d[m.Index]).Where(d => !double.IsNaN(d)).Order()],
                style = [.. controlledDrawn.Select(d => d[m.Index]).Order()];
            return new ArenaHardScore
            {
                Model = m.Item,
                Score = today ? own.Average() : scores[m.Index],
                Lower = Quantile(own, low),
                Upper = Quantile(own, high),
                Battles = battles.Count(x => x.A == m.Item || x.B == m.Item),
                Excluded = excluded,
                StyleScore = controlled?[m.Index],
                StyleLower = Quantile(style, 0.025),
                StyleUpper = Quantile(style, 0.975),
            };
        })];
    }

    // Null where no round knows the model.
    private static double? Quantile(double[] ascending, double probability) =>
        ascending.Length == 0 ? null : Bootstrap.Quantile(ascending, probability);

    private sealed class Pool
    {
        private readonly IReadOnlyList<ArenaBattle> _battles;
        private readonly int[] _a, _b;
        private readonly int _models;

        public Pool(IReadOnlyList<ArenaBattle> battles, string[] models)
        {
            (_battles, _models) = (battles, models.Length);
            var index = models.Index().ToDictionary(m => m.Item, m => m.Index);
            _a = [.. battles.Select(b => index[b.A])];
            _b = [.. battles.Select(b => index[b.B])];
        }

        /// <summary>Chance of every model to beat the first, in percent. [models]</summary>
        public double[] Scores() => TryScores(null)
            ?? throw new InputException("a model won or lost every battle: no finite Bradley-Terry strength exists");

        /// <summary>As <see cref="Scores"/> of resampled battles, or null where no finite strength exists.</summary>
        /// <param name="times">How often each battle counts; null for once.</param>
        public double[]? TryScores(int[]? times)
        {
            double[,] wins = new double[_models, _models];
            for (int i = 0; i < _battles.Count; i++)
            {
                double count = times?[i] ?? 1;
                wins[_a[i], _b[i]] += count * _battles[i].ShareA;
                wins[_b[i], _a[i]] += count * (1 - _battles[i].ShareA);
            }
            // Against the baseline alone the maximum is the share of wins itself, also where a model wins or loses everything.
            if (_a.Zip(_b).All(x => x.First == 0 || x.Second == 0))
                return [50, .. Enumerable.Range(1, _models - 1).Select(m => 100 * wins[m, 0] / (wins[m, 0] + wins[0, m]))];
            return BradleyTerry.TryFit(wins) is { } strengths ? [.. strengths.Select(s => 100 / (1 + Math.Exp(-s)))] : null;
        }

        /// <summary>Scores of resampled battles. [rounds][models]</summary>
        /// <param name="within">Draw within each model, so that it keeps its number of battles, and not from the pool.</param>
        public double[][] Resample(int rounds, ulong seed, bool within, Func<int[]?, double[]> scores)
        {
            var random = new Xoshiro256(seed);
            int[][] groups = within ? [.. Enumerable.Range(0, _battles.Count).GroupBy(i => Math.Max(_a[i], _b[i])).Select(g => g.ToArray())]
                : [[.. Enumerable.Range(0, _battles.Count)]];
            return [.. Enumerable.Range(0, rounds).Select(_ =>
            {
                int[] times = new int[_battles.Count];
                foreach (int[] group in groups)
                    for (int i = 0; i < group.Length; i++) times[group[random.Next(group.Length)]]++;
                return scores(times);
            })];
        }
    }
}
