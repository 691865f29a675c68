using CsCheck;

namespace Hone.Data.Tests;

public sealed class LengthHistogramTests
{
    [Fact]
    public void Figures_are_those_of_the_sorted_list() => Gen.Int[0, 5000].Array[1, 200].Sample(lengths =>
    {
        var histogram = new LengthHistogram();
        foreach (int length in lengths) histogram.Add(length);
        int[] sorted = [.. lengths.Order()];
        Assert.Equal((sorted[0], sorted[^1], (long)sorted.Length), (histogram.Min, histogram.Max, histogram.Count));
        Assert.Equal(sorted.Average(), histogram.Mean, 9);
        foreach (int percent in new[] { 1, 50, 90, 99, 100 })
        {
            // Nearest rank, by its definition: the shortest length that at least so many do not exceed.
            int expected = sorted.First(s => 100L * sorted.Count(x => x <= s) >= (long)percent * sorted.Length);
            Assert.Equal(expected, histogram.Percentile(percent / 100.0));
        }
    });

    [Fact]
    public void Bins_have_one_round_width_and_hold_every_length_once() => Gen.Select(Gen.Int[0, 100_000].Array[1, 60], Gen.Int[2, 30])
        .Sample((lengths, most) =>
    {
        var histogram = new LengthHistogram();
        foreach (int length in lengths) histogram.Add(length);
        IReadOnlyList<(int From, int To, long Count)> bins = histogram.Bins(most);
        Assert.True(bins.Count <= most);
        string digits = $"{bins[0].To - bins[0].From}".TrimEnd('0');
        Assert.Contains(digits, new[] { "1", "2", "5" });
        Assert.All(bins,
            b => Assert.Equal((bins[0].To - bins[0].From, (long)lengths.Count(x => x >= b.From && x < b.To)), (b.To - b.From, b.Count)));
        Assert.Equal(lengths.Length, bins.Sum(b => b.Count));
    });

    [Fact]
    public void Nothing_has_no_bins() => Assert.Empty(new LengthHistogram().Bins(10));
}
