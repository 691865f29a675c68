namespace Hone.Evaluation.Tests;

public class WinRateTests
{
    [Fact]
    public void Ties_count_half()
    {
        double[] preferences = WinRate.Preferences([2, 1, 1, 5], [1, 2, 1, 4]);
        Assert.Equal([1, 0, 0.5, 1], preferences);
        Interval interval = WinRate.Of(preferences);
        Assert.Equal(0.625, interval.Value);
        Assert.Equal(Proportion.Wilson(2.5, 4), interval);
    }

    [Fact]
    public void The_other_side_sees_the_complement()
    {
        double[] a = [1, 2, 3, 3], b = [2, 1, 3, 0];
        Interval ours = WinRate.Of(WinRate.Preferences(a, b)), theirs = WinRate.Of(WinRate.Preferences(b, a)).Complement();
        Assert.Equal(ours.Value, theirs.Value, 12);
        Assert.Equal(ours.Low, theirs.Low, 12);
        Assert.Equal(ours.High, theirs.High, 12);
    }

    [Fact]
    public void Impossible_input_is_refused()
    {
        Assert.Throws<ArgumentException>(() => WinRate.Preferences([1], [1, 2]));
        Assert.Throws<ArgumentException>(() => WinRate.Preferences([double.NaN], [1]));
        Assert.Throws<ArgumentException>(() => WinRate.Of([]));
        Assert.Throws<ArgumentException>(() => WinRate.Of([1.5]));
        Assert.Throws<ArgumentException>(() => WinRate.Of([double.NaN]));
    }
}
