using CsCheck;

namespace Hone.Training.Tests;

public class BatchShareTests
{
    [Fact]
    public void Every_example_has_one_rank_and_no_rank_has_much_more_than_another() =>
        Gen.Select(Gen.Int[1, 500].Array[1, 60], Gen.Int[1, 8]).Sample((tokens, ranks) =>
        {
            int[][] shares = BatchShare.Of(tokens, ranks);
            Assert.Equal(ranks, shares.Length);
            Assert.Equal(Enumerable.Range(0, tokens.Length), shares.SelectMany(s => s).Order());
            int[] loads = [.. shares.Select(s => s.Sum(i => tokens[i]))];
            // The longest one was the last straw at most.
            Assert.True(loads.Max() - loads.Min() <= tokens.Max());
        });

    [Fact]
    public void Four_equal_examples_are_dealt_evenly() =>
        Assert.Equal([[0, 2], [1, 3]], BatchShare.Of([5, 5, 5, 5], 2));

    [Fact]
    public void Weights_go_to_the_rank_that_holds_least() =>
        Assert.Equal(new Dictionary<string, int> { ["big"] = 0, ["mid"] = 1, ["small"] = 1 },
            BatchShare.Owners(new Dictionary<string, long> { ["small"] = 1, ["big"] = 10, ["mid"] = 5 }, 2));
}
