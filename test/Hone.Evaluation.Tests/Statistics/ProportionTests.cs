using CsCheck;

namespace Hone.Evaluation.Tests;

public class ProportionTests
{
    /// <summary>Newcombe (1998), "Two-sided confidence intervals for the single proportion", table I, method 3.</summary>
    [Theory]
    [InlineData(81, 263, 0.2553, 0.3662)]
    [InlineData(15, 148, 0.0624, 0.1605)]
    [InlineData(0, 20, 0.0000, 0.1611)]
    [InlineData(1, 29, 0.0061, 0.1718)]
    public void Wilson_equals_the_published_intervals(int successes, int trials, double low, double high)
    {
        Interval interval = Proportion.Wilson(successes, trials);
        Assert.Equal((double)successes / trials, interval.Value);
        Assert.Equal(low, interval.Low, 4);
        Assert.Equal(high, interval.High, 4);
    }

    [Fact]
    public void Wilson_contains_its_value_and_mirrors() =>
        Gen.Select(Gen.Int[1, 2000], Gen.Double[0, 1]).Sample((trials, share) =>
        {
            double successes = Math.Round(share * trials * 2) / 2;
            Interval interval = Proportion.Wilson(successes, trials);
            Interval mirrored = Proportion.Wilson(trials - successes, trials).Complement();
            Assert.InRange(interval.Value, interval.Low, interval.High);
            Assert.InRange(interval.Low, 0, 1);
            Assert.InRange(interval.High, 0, 1);
            Assert.True(interval.High - interval.Low > 0);
            Assert.Equal(interval.Low, mirrored.Low, tolerance: 1e-12);
            Assert.Equal(interval.High, mirrored.High, tolerance: 1e-12);
        }, iter: 500);

    [Fact]
    public void Wilson_refuses_impossible_counts()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Proportion.Wilson(0, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Proportion.Wilson(3, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => Proportion.Wilson(-1, 2));
    }
}
