using CsCheck;

namespace Hone.Evaluation.Tests;

public class BestOfNTests
{
    [Theory]
    [InlineData(1, 0, 0.5)]
    [InlineData(2, 0.193, 0.667)]
    [InlineData(4, 0.636, 0.800)]
    [InlineData(8, 1.204, 0.889)]
    [InlineData(16, 1.835, 0.941)]
    public void Bounds_equal_the_closed_forms(int n, double kl, double winRate)
    {
        Assert.Equal(kl, BestOfN.KlBound(n), 3);
        Assert.Equal(winRate, BestOfN.WinRateBound(n), 3);
    }

    [Fact]
    public void Distribution_equals_drawing_and_keeping_the_best()
    {
        double[] rewards = [1, 3, 2, 3];
        // Of the 16 draws of two: best is 1 in 1, best is 2 in 3, best is 3 in 12, shared by two answers.
        Assert.Equal([1 / 16.0, 6 / 16.0, 3 / 16.0, 6 / 16.0], BestOfN.Distribution(rewards, 2));
    }

    [Fact]
    public void Exact_kl_never_exceeds_the_bound() =>
        Gen.Select(Gen.Int[0, 30].Array[1, 60], Gen.Int[1, 16]).Sample((rewards, n) =>
        {
            double[] chosen = BestOfN.Distribution([.. rewards.Select(r => (double)r)], n);
            Assert.Equal(1, chosen.Sum(), 9);
            double kl = chosen.Sum(p => p > 0 ? p * Math.Log(p * rewards.Length) : 0);
            Assert.InRange(kl, -1e-12, BestOfN.KlBound(n) + 1e-12);
        }, iter: 500);

    [Fact]
    public void A_perfect_judge_approaches_the_win_rate_bound_and_a_blind_one_does_not()
    {
        Random random = new(1);
        double[][] gold = [.. Enumerable.Range(0, 4000).Select(_ => Enumerable.Range(0, 8).Select(_ => random.NextDouble()).ToArray())];
        double[][] blind = [.. gold.Select(g => g.Select(_ => random.NextDouble()).ToArray())];
        double[] baseline = [.. gold.Select(_ => random.NextDouble())];
        Assert.Equal(8 / 9.0, WinRate.Of(BestOfN.Preferences(gold, gold, baseline)).Value, 0.02);
        Assert.Equal(0.5, WinRate.Of(BestOfN.Preferences(blind, gold, baseline)).Value, 0.03);
    }

    [Fact]
    public void The_choice_is_by_reward_and_the_verdict_by_gold()
    {
        Assert.Equal([0, 1, 0.5], BestOfN.Preferences([[1, 2], [2, 1], [0, 0]], [[9, 0], [9, 0], [3, 9]], [5, 5, 3]));
        Assert.Throws<ArgumentException>(() => BestOfN.Preferences([[1, double.NaN]], [[1, 1]], [0]));
        Assert.Throws<ArgumentException>(() => BestOfN.Preferences([[]], [[]], [0]));
        Assert.Throws<ArgumentException>(() => BestOfN.Preferences([[1]], [[1, 2]], [0]));
    }
}
