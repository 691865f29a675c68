namespace Hone.Inference.Tests;

public class PhiloxTests
{
    // Known answers of the Random123 library, philox4x32 with 10 rounds.
    [Fact]
    public void Block_gives_the_published_known_answers()
    {
        Assert.Equal((0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u), Philox.Block((0, 0, 0, 0), (0, 0)));
        const uint ones = 0xffffffff;
        Assert.Equal((0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu), Philox.Block((ones, ones, ones, ones), (ones, ones)));
        Assert.Equal((0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u),
            Philox.Block((0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344), (0xa4093822, 0x299f31d0)));
    }

    [Fact]
    public void Uniforms_fill_the_unit_interval_evenly_for_each_of_seed_answer_and_step()
    {
        AssertEven(i => Philox.Uniform((ulong)i, 3, 4));
        AssertEven(i => Philox.Uniform(7, i, 4));
        AssertEven(i => Philox.Uniform(7, 3, i));
    }

    [Fact]
    public void All_bits_of_seed_answer_and_step_count() =>
        Assert.Equal(4,
            new[] { Philox.Uniform(1, 2, 3), Philox.Uniform(1 | 1UL << 40, 2, 3), Philox.Uniform(1, 3, 2), Philox.Uniform(2, 1, 3) }
                .Distinct().Count());

    private static void AssertEven(Func<int, double> uniform)
    {
        const int draws = 64_000, cells = 64;
        double[] counts = new double[cells];
        for (int i = 0; i < draws; i++) counts[(int)(uniform(i) * cells)]++;
        ChiSquare.AssertFits(counts, [.. Enumerable.Repeat(1.0 / cells, cells)]);
    }
}
