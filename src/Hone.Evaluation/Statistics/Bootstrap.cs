using Hone.Data;

namespace Hone.Evaluation;

/// <summary>
/// Seeded percentile bootstrap (Efron 1979): rows are drawn with replacement, and the 2.5% and 97.5% quantiles of the
/// statistic over the resamples bound the interval. The row is the prompt: several answers to one prompt are not
/// independent, so they are drawn together or not at all.
/// </summary>
public static class Bootstrap
{
    public const int DefaultResamples = 1000;

    /// <summary>Mean of one value per prompt; of one prompt, or of values that are all the same, the error is undefined.</summary>
    /// <exception cref="ArgumentException">There is no value, or one is not finite.</exception>
    public static Interval Mean(IReadOnlyList<double> values, ulong seed, int resamples = DefaultResamples)
    {
        RequireFinite(values, nameof(values));
        // Drawn again and again, rows that are all the same give no error, whatever it is.
        if (values.All(v => v == values[0])) return Interval.Undefined(values[0]);
        return Statistic(values.Count, counts =>
        {
            double sum = 0;
            for (int i = 0; i < counts.Length; i++) sum += counts[i] * values[i];
            return sum / counts.Length;
        }, seed, resamples);
    }

    /// <summary>Mean over prompts of each prompt's mean: every prompt weighs the same, however many answers it has.</summary>
    /// <exception cref="ArgumentException">There is no prompt, a prompt has no value, or a value is not finite.</exception>
    public static Interval ClusteredMean(IReadOnlyList<IReadOnlyList<double>> valuesOfPrompt, ulong seed, int resamples = DefaultResamples)
    {
        double[] means = new double[valuesOfPrompt.Count];
        for (int p = 0; p < means.Length; p++)
        {
            RequireFinite(valuesOfPrompt[p], nameof(valuesOfPrompt));
            means[p] = valuesOfPrompt[p].Average();
        }
        return Mean(means, seed, resamples);
    }

    /// <summary>Mean of <paramref name="first"/> minus <paramref name="second"/>, paired by prompt.</summary>
    /// <exception cref="ArgumentException">The lists differ in length, are empty, or hold a value that is not finite.</exception>
    public static Interval PairedDifference(
        IReadOnlyList<double> first, IReadOnlyList<double> second, ulong seed, int resamples = DefaultResamples)
    {
        if (first.Count != second.Count) throw new ArgumentException("A paired difference needs lists of the same length.", nameof(second));
        return Mean([.. first.Zip(second, (a, b) => a - b)], seed, resamples);
    }

    /// <summary>
    /// Any statistic of n rows. <paramref name="statistic"/> receives how often each row was drawn [n] (all ones for the
    /// value itself) and may return NaN for a resample on which it is not defined; such resamples are left out.
    /// </summary>
    /// <exception cref="ArgumentException">There is no row or no resample.</exception>
    public static Interval Statistic(int rows, Func<int[], double> statistic, ulong seed, int resamples = DefaultResamples)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(resamples, 1);
        int[] counts = new int[rows];
        Array.Fill(counts, 1);
        double value = statistic(counts);

        Xoshiro256 random = new(seed);
        List<double> drawn = new(resamples);
        for (int b = 0; b < resamples; b++)
        {
            Array.Clear(counts);
            for (int i = 0; i < rows; i++) counts[random.Next(rows)]++;
            double resampled = statistic(counts);
            if (!double.IsNaN(resampled)) drawn.Add(resampled);
        }
        if (drawn.Count == 0) return Interval.Undefined(value);
        drawn.Sort();
        return new Interval(value, Quantile(drawn, 0.025), Quantile(drawn, 0.975));
    }

    /// <summary>Quantile of ascending values by linear interpolation between order statistics (Hyndman and Fan's type 7).</summary>
    public static double Quantile(IReadOnlyList<double> ascending, double probability)
    {
        double at = probability * (ascending.Count - 1);
        int below = (int)Math.Floor(at);
        int above = Math.Min(below + 1, ascending.Count - 1);
        return ascending[below] + (at - below) * (ascending[above] - ascending[below]);
    }

    private static void RequireFinite(IReadOnlyList<double> values, string name)
    {
        if (values.Count == 0) throw new ArgumentException("There is nothing to take a mean of.", name);
        for (int i = 0; i < values.Count; i++)
        {
            if (!double.IsFinite(values[i])) throw new ArgumentException($"Value {i} is {values[i]}: a mean needs finite values.", name);
        }
    }
}
