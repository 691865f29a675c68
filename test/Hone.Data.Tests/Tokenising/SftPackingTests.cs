using CsCheck;

namespace Hone.Data.Tests;

public class SftPackingTests
{
    /// <summary>Trap 9: the last, shorter block is kept too; tokens and masks in = out.</summary>
    [Fact]
    public void Trap_9_blocks_hold_every_token_in_order() =>
        Gen.Select(Gen.Select(Gen.Int[0, 99], Gen.Bool).Array[1, 9].Array[0, 9], Gen.Int[2, 12]).Sample((examples, length) =>
        {
            IReadOnlyList<SftExample> blocks = SftPacking.Pack(
                examples.Select(e => new SftExample([.. e.Select(t => t.Item1)], [.. e.Select(t => t.Item2)])), length);
            Assert.Equal(examples.SelectMany(e => e).Select(t => t.Item1), blocks.SelectMany(b => b.Ids));
            Assert.Equal(examples.SelectMany(e => e).Select(t => t.Item2), blocks.SelectMany(b => b.LossMask));
            Assert.All(blocks.SkipLast(1), b => Assert.Equal(length, b.Ids.Length));
            Assert.All(blocks, b => Assert.InRange(b.Ids.Length, 1, length));
        }, iter: 300);
}
