namespace Hone.Evaluation.Tests;

public sealed class PairedComparisonTests
{
    // 2 * sum of C(n, k) / 2^n for k up to the smaller count, in exact fractions (Python's fractions and math.comb).
    [Theory]
    [InlineData(0, 0, 1.0)]
    [InlineData(3, 3, 1.0)]
    [InlineData(0, 6, 0.03125)]
    [InlineData(2, 8, 0.109375)]
    [InlineData(10, 25, 0.016673847800120713)]
    public void Mcnemar_equals_the_exact_binomial_test(int first, int second, double p)
    {
        double[] a = [.. Enumerable.Repeat(1.0, first), .. Enumerable.Repeat(0.0, second), 1, 1, 0];
        double[] b = [.. Enumerable.Repeat(0.0, first), .. Enumerable.Repeat(1.0, second), 1, 1, 0];
        Assert.Equal(p, PairedComparison.McNemar(a, b), 1e-9);
    }

    [Fact]
    public void Mcnemar_of_many_items_stays_finite()
    {
        double[] a = [.. Enumerable.Range(0, 20_000).Select(i => i % 2.0)], b = [.. a.Select(v => 1 - v)];
        Assert.Equal(1, PairedComparison.McNemar(a, b), 1e-9);
    }

    [Fact]
    public void Items_that_one_side_lacks_are_left_out_and_counted()
    {
        var first = new Dictionary<string, double> { ["a"] = 1, ["b"] = 0, ["c"] = 1 };
        var second = new Dictionary<string, double> { ["b"] = 1, ["c"] = 1, ["d"] = 0, ["e"] = 0 };
        PairedComparison c = PairedComparison.Of(first, second, 1);
        Assert.Equal((2, 1, 2), (c.Items, c.OnlyFirst, c.OnlySecond));
        Assert.Equal((0.5, 1.0, 0.5), (c.First, c.Second, c.Difference.Value));
        Assert.Equal("exact McNemar", c.Test);
    }

    [Fact]
    public void Sign_flips_equal_all_patterns_counted_one_by_one()
    {
        double[] differences = [0.3, -0.1, 0.7, 0.2, 0.4, -0.2, 0.9, 0.1];
        int asExtreme = Enumerable.Range(0, 1 << differences.Length)
            .Count(p => Math.Abs(differences.Select((d, i) => (p >> i & 1) == 0 ? d : -d).Sum()) >= differences.Sum() - 1e-12);
        double exact = asExtreme / 256.0;
        var first = differences.Select((_, i) => i).ToDictionary(i => $"{i}", _ => 0.5);
        var second = differences.Select((d, i) => (d, i)).ToDictionary(x => $"{x.i}", x => 0.5 + x.d);
        PairedComparison c = PairedComparison.Of(first, second, 3);
        // 10,000 flips: three standard errors of the estimate.
        Assert.InRange(c.P, exact - 3 * Math.Sqrt(exact * (1 - exact) / 10_000), exact + 3 * Math.Sqrt(exact * (1 - exact) / 10_000));
        Assert.Equal("sign flips", c.Test);
    }

    [Fact]
    public void Runs_without_a_common_item_cannot_be_compared() => Assert.Throws<InputException>(() =>
        PairedComparison.Of(new Dictionary<string, double> { ["a"] = 1 }, new Dictionary<string, double> { ["b"] = 1 }, 1));
}
