using Hone.Data;

namespace Hone.Evaluation.Tests;

public class BootstrapTests
{
    [Fact]
    public void Mean_equals_a_plain_resampling_with_the_same_draws()
    {
        double[] values = [3, 1, 4, 1, 5, 9, 2, 6];
        Xoshiro256 random = new(7);
        double[] means = new double[200];
        for (int b = 0; b < means.Length; b++)
        {
            List<double> drawn = [];
            for (int i = 0; i < values.Length; i++) drawn.Add(values[random.Next(values.Length)]);
            means[b] = drawn.Average();
        }
        Array.Sort(means);
        // numpy.quantile's default rule: position 0.025 * 199 = 4.975 and 0.975 * 199 = 194.025.
        Interval interval = Bootstrap.Mean(values, seed: 7, resamples: 200);
        Assert.Equal(31.0 / 8, interval.Value);
        Assert.Equal(means[4] + 0.975 * (means[5] - means[4]), interval.Low, 12);
        Assert.Equal(means[194] + 0.025 * (means[195] - means[194]), interval.High, 12);
    }

    [Fact]
    public void Same_seed_same_interval_and_another_seed_another()
    {
        double[] values = [.. Enumerable.Range(0, 50).Select(i => Math.Sin(i))];
        Assert.Equal(Bootstrap.Mean(values, 1), Bootstrap.Mean(values, 1));
        Assert.NotEqual(Bootstrap.Mean(values, 1), Bootstrap.Mean(values, 2));
    }

    [Fact]
    public void Large_samples_reach_the_normal_interval()
    {
        Random random = new(5);
        double[] values = [.. Enumerable.Range(0, 1000).Select(_ => Normal(random))];
        double mean = values.Average();
        double error = Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / values.Length / values.Length);
        Interval interval = Bootstrap.Mean(values, seed: 3, resamples: 4000);
        Assert.Equal(mean - 1.96 * error, interval.Low, 0.12 * error);
        Assert.Equal(mean + 1.96 * error, interval.High, 0.12 * error);
    }

    [Fact]
    public void Interval_covers_the_true_mean_about_95_times_in_100()
    {
        Random random = new(11);
        int covered = 0;
        const int Runs = 400;
        for (int run = 0; run < Runs; run++)
        {
            double[] values = [.. Enumerable.Range(0, 80).Select(_ => Normal(random))];
            Interval interval = Bootstrap.Mean(values, (ulong)run, resamples: 200);
            if (interval.Low <= 0 && interval.High >= 0) covered++;
        }
        Assert.InRange(covered / (double)Runs, 0.90, 0.98);
    }

    [Fact]
    public void The_prompt_is_the_unit_not_the_answer()
    {
        // Eight copies of each answer carry no more information than one.
        double[] values = [.. Enumerable.Range(0, 40).Select(i => Math.Cos(i * i))];
        IReadOnlyList<double>[] copies = [.. values.Select(v => Enumerable.Repeat(v, 8).ToArray())];
        Interval once = Bootstrap.Mean(values, 9), clustered = Bootstrap.ClusteredMean(copies, 9);
        Assert.Equal(once.Value, clustered.Value, 12);
        Assert.Equal(once.Low, clustered.Low, 12);
        Assert.Equal(once.High, clustered.High, 12);
        Interval pooled = Bootstrap.Mean([.. copies.SelectMany(c => c)], 9);
        Assert.True(pooled.High - pooled.Low < 0.5 * (clustered.High - clustered.Low));
    }

    [Fact]
    public void Pairing_removes_what_both_share()
    {
        Random random = new(2);
        double[] difficulty = [.. Enumerable.Range(0, 200).Select(_ => 10 * Normal(random))];
        double[] first = [.. difficulty.Select(d => d + 1 + 0.1 * Normal(random))];
        double[] second = [.. difficulty.Select(d => d + 0.1 * Normal(random))];
        Interval difference = Bootstrap.PairedDifference(first, second, seed: 1);
        Assert.True(difference.IsAbove(0.9) && difference.IsBelow(1.1));
        Interval alone = Bootstrap.Mean(first, seed: 1);
        Assert.True(alone.High - alone.Low > 10 * (difference.High - difference.Low));
    }

    [Fact]
    public void Values_that_have_no_mean_are_refused()
    {
        Assert.Throws<ArgumentException>(() => Bootstrap.Mean([], 1));
        Assert.Contains("Value 1", Assert.Throws<ArgumentException>(() => Bootstrap.Mean([1, double.NaN], 1)).Message,
            StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Bootstrap.PairedDifference([1, 2], [1], 1));
        Assert.Throws<ArgumentException>(() => Bootstrap.ClusteredMean([[1], []], 1));
    }

    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
