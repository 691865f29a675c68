using System.Diagnostics;
using Hone.Data;

namespace Hone.Evaluation.Tests;

public class LengthControlledWinRateTests
{
    [Fact]
    public void Without_length_differences_it_is_the_raw_win_rate()
    {
        double[] preferences = [1, 1, 0.5, 0, 1, 0, 1];
        int[] lengths = [3, 9, 4, 7, 5, 5, 6];
        Interval lc = LengthControlledWinRate.Of(preferences, lengths, lengths, seed: 1, l2: 0);
        Assert.Equal(4.5 / 7, lc.Value, 10);
    }

    [Fact]
    public void The_default_penalty_moves_500_rows_by_less_than_a_hundredth_of_a_point()
    {
        (double[] preferences, int[] a, int[] b) = Simulate(500, theta: 1, phi: 0.7, seed: 3);
        Interval free = LengthControlledWinRate.Of(preferences, a, b, 1, l2: 0, resamples: 1);
        Interval small = LengthControlledWinRate.Of(preferences, a, b, 1, resamples: 1);
        Assert.Equal(free.Value, small.Value, 1e-4);
    }

    [Fact]
    public void It_equals_a_plain_gradient_descent()
    {
        (double[] preferences, int[] a, int[] b) = Simulate(60, theta: 0.5, phi: 1, seed: 4);
        double[] difficulty = [.. preferences.Select((_, i) => Math.Sin(i))];
        Interval plain = LengthControlledWinRate.Of(preferences, a, b, seed: 8, resamples: 5);
        Interval withDifficulty = LengthControlledWinRate.Of(preferences, a, b, seed: 8, difficulty, resamples: 5);

        foreach ((Interval fast, double[]? hard) in new[] { (plain, (double[]?)null), (withDifficulty, difficulty) })
        {
            int[] all = [.. Enumerable.Range(0, 60)];
            Assert.Equal(Slow(preferences, a, b, hard, all), fast.Value, 1e-6);
            Xoshiro256 random = new(8);
            double[] drawn = new double[5];
            for (int r = 0; r < 5; r++) drawn[r] = Slow(preferences, a, b, hard, [.. all.Select(_ => random.Next(60))]);
            Array.Sort(drawn);
            Assert.Equal(drawn[0] + 0.1 * (drawn[1] - drawn[0]), fast.Low, 1e-6);
            Assert.Equal(drawn[3] + 0.9 * (drawn[4] - drawn[3]), fast.High, 1e-6);
        }
    }

    [Fact]
    public void A_policy_that_wins_by_length_only_is_seen_through()
    {
        (double[] preferences, int[] a, int[] b) = Simulate(4000, theta: 0, phi: 2, seed: 5, longerBy: 15);
        Interval lc = LengthControlledWinRate.Of(preferences, a, b, seed: 1, resamples: 200);
        Assert.True(WinRate.Of(preferences).IsAbove(0.6));
        Assert.InRange(0.5, lc.Low, lc.High);
    }

    [Fact]
    public void The_true_strength_is_recovered_at_any_length_bias()
    {
        foreach (double phi in new[] { -1.5, 0, 1.5 })
        {
            (double[] preferences, int[] a, int[] b) = Simulate(6000, theta: 0.8, phi, seed: 6, longerBy: 8);
            Interval lc = LengthControlledWinRate.Of(preferences, a, b, seed: 1, resamples: 20);
            Assert.Equal(LogisticRegression.Sigmoid(0.8), lc.Value, 0.03);
        }
    }

    [Fact]
    public void The_other_side_sees_the_complement()
    {
        (double[] preferences, int[] a, int[] b) = Simulate(100, theta: 0.4, phi: 1, seed: 7, longerBy: 5);
        Interval ours = LengthControlledWinRate.Of(preferences, a, b, 1);
        Interval theirs = LengthControlledWinRate.Of([.. preferences.Select(p => 1 - p)], b, a, 1).Complement();
        Assert.Equal(ours.Value, theirs.Value, 9);
        Assert.Equal(ours.Low, theirs.Low, 9);
        Assert.Equal(ours.High, theirs.High, 9);
    }

    [Fact]
    public void All_wins_and_a_single_row_stay_finite()
    {
        Interval all = LengthControlledWinRate.Of([.. Enumerable.Repeat(1.0, 500)], [.. Enumerable.Range(10, 500)],
            [.. Enumerable.Repeat(99, 500)], 1);
        Assert.InRange(all.Value, 0.99, 1);
        Interval single = LengthControlledWinRate.Of([0.5], [4], [9], 1, resamples: 3);
        Assert.Equal(0.5, single.Value, 9);
    }

    [Fact]
    public void Five_hundred_rows_with_five_hundred_resamples_are_quick()
    {
        (double[] preferences, int[] a, int[] b) = Simulate(500, theta: 1, phi: 0.5, seed: 9);
        LengthControlledWinRate.Of(preferences, a, b, 1, resamples: 2);
        TimeSpan before = ThreadTime();
        LengthControlledWinRate.Of(preferences, a, b, 1, resamples: 500);
        TimeSpan taken = ThreadTime() - before;
        Assert.True(taken < TimeSpan.FromSeconds(2), $"took {taken}");
    }

    /// <summary>Processor time of this thread where the system tells it, so that a loaded machine does not fail the test.</summary>
    private static TimeSpan ThreadTime()
    {
        const string Stat = "/proc/thread-self/stat";
        if (!File.Exists(Stat)) return Stopwatch.GetElapsedTime(0);
        string stat = File.ReadAllText(Stat);
        // utime and stime, in hundredths of a second, are the 12th and 13th field after the name in brackets.
        string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return TimeSpan.FromMilliseconds(10 * (long.Parse(fields[11]) + long.Parse(fields[12])));
    }

    [Fact]
    public void Lists_that_do_not_fit_are_refused()
    {
        Assert.Throws<ArgumentException>(() => LengthControlledWinRate.Of([1, 0], [1], [1, 2], 1));
        Assert.Throws<ArgumentException>(() => LengthControlledWinRate.Of([], [], [], 1));
        Assert.Throws<ArgumentException>(() => LengthControlledWinRate.Of([2], [1], [1], 1));
    }

    private static (double[] Preferences, int[] Lengths, int[] Baseline) Simulate(
        int n, double theta, double phi, int seed, int longerBy = 0)
    {
        Random random = new(seed);
        int[] lengths = [.. Enumerable.Range(0, n).Select(_ => random.Next(20, 60) + longerBy)];
        int[] baseline = [.. Enumerable.Range(0, n).Select(_ => random.Next(20, 60))];
        double[] x = LengthTerm([.. lengths.Zip(baseline, (a, b) => (double)(a - b))]);
        double[] preferences = [.. x.Select((v, i) =>
            i % 10 == 9 ? 0.5 * Math.Round(2 * LogisticRegression.Sigmoid(theta + phi * v))
                : random.NextDouble() < LogisticRegression.Sigmoid(theta + phi * v) ? 1.0 : 0.0)];
        return (preferences, lengths, baseline);
    }

    private static double[] LengthTerm(double[] differences)
    {
        double mean = differences.Average();
        double deviation = Math.Sqrt(differences.Sum(v => (v - mean) * (v - mean)) / (differences.Length - 1));
        return [.. differences.Select(v => Math.Tanh(v / deviation))];
    }

    private static double Slow(double[] preferences, int[] lengths, int[] baseline, double[]? difficulty, int[] rows)
    {
        double[] x = LengthTerm([.. rows.Select(i => (double)(lengths[i] - baseline[i]))]);
        double theta = 0, phi = 0, psi = 0;
        for (int step = 0; step < 2000; step++)
        {
            double gTheta = 0.01 * theta, gPhi = 0.01 * phi, gPsi = 0.01 * psi;
            for (int r = 0; r < rows.Length; r++)
            {
                double hard = difficulty?[rows[r]] ?? 0;
                double residual = 1 / (1 + Math.Exp(-(theta + phi * x[r] + psi * hard))) - preferences[rows[r]];
                gTheta += residual;
                gPhi += residual * x[r];
                gPsi += residual * hard;
            }
            theta -= 0.03 * gTheta;
            phi -= 0.03 * gPhi;
            psi -= 0.03 * gPsi;
        }
        return rows.Average(i => 1 / (1 + Math.Exp(-(theta + psi * (difficulty?[i] ?? 0)))));
    }
}
