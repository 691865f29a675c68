namespace Hone.Data.Tests;

public class Xoshiro256Tests
{
    /// <summary>Published outputs of xoshiro256** for the state 1, 2, 3, 4 (rand_xoshiro's tests, from the reference code).</summary>
    [Fact]
    public void Gives_the_published_sequence()
    {
        Xoshiro256 random = new([1UL, 2UL, 3UL, 4UL]);
        ulong[] expected =
        [
            11520, 0, 1509978240, 1215971899390074240, 1216172134540287360, 607988272756665600, 16172922978634559625,
            8476171486693032832, 10595114339597558777, 2904607092377533576,
        ];
        Assert.Equal(expected, expected.Select(_ => random.NextUInt64()));
    }

    [Fact]
    public void Continues_from_a_saved_state()
    {
        Xoshiro256 random = new(7);
        for (int i = 0; i < 100; i++) random.Next(10);
        Xoshiro256 again = new(random.State);
        Assert.Equal(random.Permutation(50), again.Permutation(50));
        Assert.Equal(random.State, again.State);
    }

    [Fact]
    public void Refuses_a_state_that_is_none()
    {
        Assert.Throws<ArgumentException>(() => new Xoshiro256([0UL, 0, 0, 0]));
        Assert.Throws<ArgumentException>(() => new Xoshiro256([1UL, 2, 3]));
    }

    [Fact]
    public void A_permutation_holds_each_index_once_and_depends_on_the_seed()
    {
        int[] order = new Xoshiro256(1).Permutation(1000);
        Assert.Equal(Enumerable.Range(0, 1000), order.Order());
        Assert.Equal(order, new Xoshiro256(1).Permutation(1000));
        Assert.NotEqual(order, new Xoshiro256(2).Permutation(1000));
        Assert.Empty(new Xoshiro256(1).Permutation(0));
    }

    [Fact]
    public void All_orders_of_four_are_equally_likely()
    {
        const int Draws = 24_000;
        Xoshiro256 random = new(3);
        Dictionary<string, int> counts = [];
        for (int i = 0; i < Draws; i++)
        {
            string order = string.Concat(random.Permutation(4));
            counts[order] = counts.GetValueOrDefault(order) + 1;
        }
        Assert.Equal(24, counts.Count);
        // Chi-square with 23 degrees of freedom: 49.7 is the 0.999 quantile.
        Assert.True(counts.Values.Sum(c => Math.Pow(c - Draws / 24.0, 2) / (Draws / 24.0)) < 49.7);
    }

    [Fact]
    public void Doubles_lie_in_the_unit_interval_with_mean_one_half()
    {
        Xoshiro256 random = new(5);
        double[] draws = [.. Enumerable.Range(0, 10_000).Select(_ => random.NextDouble())];
        Assert.All(draws, d => Assert.InRange(d, 0, Math.BitDecrement(1.0)));
        Assert.Equal(0.5, draws.Average(), 0.015);
    }
}
