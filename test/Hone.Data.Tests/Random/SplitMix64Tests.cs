namespace Hone.Data.Tests;

public class SplitMix64Tests
{
    /// <summary>Published outputs: the reference implementation's (prng.di.unimi.it), as rand_xoshiro's tests list them.</summary>
    [Fact]
    public void Gives_the_published_sequence()
    {
        SplitMix64 mix = new(1477776061723855037);
        ulong[] expected =
        [
            1985237415132408290, 2979275885539914483, 13511426838097143398, 8488337342461049707, 15141737807933549159,
        ];
        Assert.Equal(expected, expected.Select(_ => mix.Next()));
    }
}
