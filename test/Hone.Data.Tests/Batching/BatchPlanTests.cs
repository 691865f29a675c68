using CsCheck;

namespace Hone.Data.Tests;

public class BatchPlanTests
{
    /// <summary>Trap 9: counts in = counts out, whatever the number of rows and the size of batches.</summary>
    [Fact]
    public void Trap_9_every_example_comes_out_once_and_in_order() =>
        Gen.Select(Gen.Int[1, 50].Array[0, 60], Gen.Int[50, 200], Gen.Int[1, 10], Gen.ULong)
            .Sample((tokens, maxTokens, maxExamples, seed) =>
            {
                int[] order = BatchPlan.EpochOrder(tokens.Length, seed, epoch: 0);
                IReadOnlyList<int[]> batches = BatchPlan.Cut(order, tokens, maxTokens, maxExamples);
                Assert.Equal(order, batches.SelectMany(b => b));
                Assert.All(batches, b => Assert.InRange(b.Length, 1, maxExamples));
                Assert.All(batches, b => Assert.True(b.Sum(i => tokens[i]) <= maxTokens));
                // Greedy: no batch could have taken the first example of the next.
                Assert.All(batches.Zip(batches.Skip(1)), p =>
                    Assert.True(p.First.Length == maxExamples || p.First.Sum(i => tokens[i]) + tokens[p.Second[0]] > maxTokens));
            }, iter: 300);

    [Fact]
    public void An_example_above_the_limit_is_named()
    {
        InputException e = Assert.Throws<InputException>(() => BatchPlan.Cut([0, 1, 2], [5, 11, 5], 10));
        Assert.Contains("an example has 11 tokens, a batch holds 10", e.Message);
        Assert.Equal("example 2", e.Where);
    }

    /// <summary>Trap 10: shuffles are seeded, and every pass has its own order.</summary>
    [Fact]
    public void Trap_10_the_order_of_an_epoch_depends_on_seed_and_epoch_alone()
    {
        int[] order = BatchPlan.EpochOrder(100, seed: 1, epoch: 2);
        Assert.Equal(order, BatchPlan.EpochOrder(100, seed: 1, epoch: 2));
        Assert.NotEqual(order, BatchPlan.EpochOrder(100, seed: 1, epoch: 3));
        Assert.NotEqual(order, BatchPlan.EpochOrder(100, seed: 2, epoch: 2));
        Assert.Equal(Enumerable.Range(0, 100), order.Order());
    }

    /// <summary>Expected: the same algorithms written in Python. A change would break the resumption of runs begun before.</summary>
    [Fact]
    public void The_order_stays_what_it_was() =>
        Assert.Equal([3, 2, 7, 0, 4, 5, 1, 6], BatchPlan.EpochOrder(8, seed: 42, epoch: 0));

    [Fact]
    public void Longest_first_keeps_equals_in_order() =>
        Assert.Equal([3, 1, 4, 0, 2], BatchPlan.LongestFirst([1, 5, 1, 9, 5]));
}
