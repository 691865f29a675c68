using static TorchSharp.torch;

namespace Hone.Training.Tests;

public class GlooTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void Sums_and_copies_are_exact_on_all_ranks(int size) =>
        Assert.All(ManyRanks.Run(size, SumsAndCopiesAreExact), Assert.True);

    /// <summary>What every collective must do.</summary>
    internal static bool SumsAndCopiesAreExact(Ranks ranks)
    {
        bool all = true;
        foreach (int length in new[] { 1, 1000, 1_000_003 })
        {
            using var scope = NewDisposeScope();
            Tensor own = arange(length, dtype: ScalarType.Float32).remainder(1000) * (ranks.Rank + 1);
            ranks.Wait(ranks.AllReduce(own));
            Tensor sum = arange(length, dtype: ScalarType.Float32).remainder(1000) * (ranks.Size * (ranks.Size + 1) / 2);
            all &= own.equal(sum).all().item<bool>();
            foreach (ScalarType type in new[] { ScalarType.Float32, ScalarType.BFloat16, ScalarType.Byte })
            {
                Tensor given = full(length, ranks.Rank + 3, dtype: type);
                ranks.Broadcast(given, ranks.Size - 1);
                all &= given.equal(full(length, ranks.Size + 2, dtype: type)).all().item<bool>();
            }
        }
        return all;
    }

    /// <summary>Work that is done gives its tensors back: a step's buffers must not pile up.</summary>
    [Fact]
    public void Finished_work_holds_no_memory()
    {
        long[] grown = ManyRanks.Run(2, ranks =>
        {
            long Rounds(int count)
            {
                for (int i = 0; i < count; i++)
                {
                    using Tensor tensor = ones(1 << 20);
                    ranks.Wait(ranks.AllReduce(tensor));
                }
                return Environment.WorkingSet;
            }
            long before = Rounds(10);
            return Rounds(100) - before;
        });
        Assert.All(grown, bytes => Assert.True(bytes < 100L << 20, $"{bytes >> 20} MB more after 100 rounds of 4 MB"));
    }

    [Fact]
    public void Another_libtorch_is_refused_by_its_version()
    {
        Assert.Null(GlooLibrary.Problem(GlooLibrary.Version));
        Assert.Contains("this is 2.11.0", GlooLibrary.Problem("2.11.0"), StringComparison.Ordinal);
        Assert.Contains("this is 2.10.1", GlooLibrary.Problem("2.10.1"), StringComparison.Ordinal);
    }
}
