using System.Text.Json.Serialization;

namespace Hone.Evaluation;

/// <summary>AlpacaEval 2's figures, under the names of its leaderboard.</summary>
internal sealed record AlpacaEvalScore
{
    /// <summary>Mean preference for the model, in percent.</summary>
    [JsonPropertyName("win_rate")]
    public required double WinRate { get; init; }

    /// <summary>Null for a single row, of which there is none.</summary>
    [JsonPropertyName("standard_error")]
    public required double? StandardError { get; init; }

    [JsonPropertyName("n_wins")]
    public required int Wins { get; init; }

    [JsonPropertyName("n_wins_base")]
    public required int BaselineWins { get; init; }

    [JsonPropertyName("n_draws")]
    public required int Draws { get; init; }

    /// <summary>Rows with a usable preference; only they count.</summary>
    [JsonPropertyName("n_total")]
    public required int Total { get; init; }

    [JsonPropertyName("discrete_win_rate")]
    public required double DiscreteWinRate { get; init; }

    /// <summary>Mean length of the model's answers in code points, cut to a whole number.</summary>
    [JsonPropertyName("avg_length")]
    public required int AverageLength { get; init; }

    /// <summary>
    /// The win rate as it would be if both answers had the same length; null where it was not asked for, or where lengths
    /// that do not vary leave it undefined.
    /// </summary>
    [JsonPropertyName("length_controlled_winrate")]
    public double? LengthControlledWinRate { get; init; }

    [JsonPropertyName("lc_standard_error")]
    public double? LengthControlledStandardError { get; init; }

    /// <summary>Rows whose verdict could not be used.</summary>
    [JsonPropertyName("n_excluded")]
    public int Excluded { get; init; }

    /// <summary>
    /// Mean preference as Hone reads the judge's first token: white space around it aside, and only where both names have
    /// half of the probability. Null where the file does not hold it.
    /// </summary>
    [JsonPropertyName("own_win_rate")]
    public double? OwnWinRate { get; init; }

    /// <summary>Rows that upstream's rule and Hone's read differently.</summary>
    [JsonPropertyName("n_readings_differ")]
    public int ReadingsDiffer { get; init; }

    /// <summary>The inverse strength of the L1 penalty, given or cross-validated.</summary>
    [JsonPropertyName("lc_C")]
    public double? C { get; init; }

    /// <param name="control">Difficulties and the gamed baselines, for length control; null leaves it out.</param>
    /// <param name="c">The inverse strength of the penalty; null cross-validates it.</param>
    public static AlpacaEvalScore Of(IReadOnlyList<AlpacaAnnotation> rows, LengthControl? control = null, double? c = null)
    {
        double[] preferences = [.. rows.Where(r => r.Preference is not null).Select(r => Share(r.Preference!.Value))];
        if (preferences.Length == 0) throw new InputException("no row has a usable preference");
        double mean = preferences.Average();
        int wins = preferences.Count(p => p > 0.5), losses = preferences.Count(p => p < 0.5), draws = preferences.Length - wins - losses;
        var score = new AlpacaEvalScore
        {
            WinRate = 100 * mean,
            StandardError = 100 * StandardErrorOf(preferences),
            OwnWinRate = 100 * rows.Where(r => r.OwnPreference is not null).Average(r => (double?)Share(r.OwnPreference!.Value)),
            ReadingsDiffer = rows.Count(r => r.HasOwn && r.OwnPreference != r.Preference),
            Wins = wins,
            BaselineWins = losses,
            Draws = draws,
            Total = preferences.Length,
            DiscreteWinRate = 100 * (wins + (draws / 2.0)) / preferences.Length,
            AverageLength = (int)rows.Average(r => (double)r.ModelLength),
            Excluded = rows.Count - preferences.Length,
        };
        if (control is null) return score;
        if (control.Fit(rows, c) is not { } result) return score;
        return score with { LengthControlledWinRate = result.WinRate, LengthControlledStandardError = result.StandardError, C = result.C };
    }

    /// <summary>A preference from 1 to 2 as a share from 0 to 1; 0 means a draw.</summary>
    internal static double Share(double preference) => (preference == 0 ? 1.5 : preference) - 1;

    internal static double? StandardErrorOf(double[] values)
    {
        if (values.Length < 2) return null;
        double mean = values.Average();
        return Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Length - 1) / values.Length);
    }
}
