namespace Hone.Evaluation;

/// <summary>
/// Win rate as it would be if both policies' answers had the same length (Dubois et al. 2024, "Length-Controlled
/// AlpacaEval"): a logistic model preference ~ model + length difference (+ prompt difficulty) is fitted, and its
/// prediction with the length term at zero is averaged over the prompts.
/// </summary>
/// <remarks>
/// As in AlpacaEval the length term is tanh(difference / standard deviation of the differences), not centred. AlpacaEval
/// fits with an L1 penalty and rows of its own gamed baseline; here a small ridge penalty stands in, for any two policies.
/// </remarks>
public static class LengthControlledWinRate
{
    /// <summary>Moves a fit on 500 rows by less than 0.01 percentage points, and keeps 500 wins of 500 finite.</summary>
    public const double DefaultL2 = 0.01;

    public const int DefaultResamples = 500;

    /// <summary>Length-controlled win rate with its bootstrap interval over prompts.</summary>
    /// <param name="preferences">1 where the policy is preferred, 0 where the baseline is; any value between is allowed. [n]</param>
    /// <param name="lengths">Lengths of the policy's answers, in any one unit. [n]</param>
    /// <param name="baselineLengths">Lengths of the baseline's answers. [n]</param>
    /// <param name="seed">Seed of the resampling.</param>
    /// <param name="difficulty">How hard each prompt is for the baseline's rival, on the logit scale; left out when null. [n]</param>
    /// <param name="l2">Ridge penalty on all weights.</param>
    /// <param name="resamples">Bootstrap resamples.</param>
    /// <exception cref="ArgumentException">Lists differ in length, are empty, or a preference lies outside 0..1.</exception>
    public static Interval Of(
        IReadOnlyList<double> preferences, IReadOnlyList<int> lengths, IReadOnlyList<int> baselineLengths, ulong seed,
        IReadOnlyList<double>? difficulty = null, double l2 = DefaultL2, int resamples = DefaultResamples)
    {
        WinRate.RequirePreferences(preferences);
        int n = preferences.Count;
        if (lengths.Count != n || baselineLengths.Count != n || (difficulty is not null && difficulty.Count != n))
            throw new ArgumentException("Preferences, lengths and difficulties need one entry per prompt.", nameof(lengths));

        double[] labels = [.. preferences];
        double[] differences = [.. lengths.Zip(baselineLengths, (a, b) => (double)a - b)];
        int d = difficulty is null ? 2 : 3;
        double[] features = new double[n * d];
        for (int i = 0; i < n; i++)
        {
            features[i * d] = 1;
            if (difficulty is not null) features[i * d + 2] = difficulty[i];
        }

        double[]? warm = null;
        return Bootstrap.Statistic(n, counts =>
        {
            SetLengthTerm(features, d, differences, counts);
            double[] weights = LogisticRegression.Fit(features, labels, l2, counts, warm);
            warm ??= weights;
            return PredictAtEqualLength(weights, features, d, counts);
        }, seed, resamples);
    }

    /// <summary>Column 1 becomes tanh(difference / sample standard deviation) of the rows as drawn.</summary>
    private static void SetLengthTerm(double[] features, int d, double[] differences, int[] counts)
    {
        int n = differences.Length;
        double mean = 0, squares = 0;
        for (int i = 0; i < n; i++) mean += counts[i] * differences[i] / n;
        for (int i = 0; i < n; i++) squares += counts[i] * (differences[i] - mean) * (differences[i] - mean);
        double deviation = n > 1 ? Math.Sqrt(squares / (n - 1)) : 0;
        // Differences that are all the same say nothing about what length does: the term is left out.
        for (int i = 0; i < n; i++) features[i * d + 1] = deviation > 0 ? Math.Tanh(differences[i] / deviation) : 0;
    }

    private static double PredictAtEqualLength(double[] weights, double[] features, int d, int[] counts)
    {
        double sum = 0;
        for (int i = 0; i < counts.Length; i++)
        {
            if (counts[i] == 0) continue;
            double z = weights[0] + (d == 3 ? weights[2] * features[i * d + 2] : 0);
            sum += counts[i] * LogisticRegression.Sigmoid(z);
        }
        return sum / counts.Length;
    }
}
