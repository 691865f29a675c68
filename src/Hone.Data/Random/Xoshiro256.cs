using System.Numerics;

namespace Hone.Data;

/// <summary>
/// xoshiro256** 1.0 (Blackman, Vigna 2018), seeded by <see cref="SplitMix64"/>. The same on every machine and in every
/// version of .NET, and its whole state can be saved, neither of which <see cref="System.Random"/> promises.
/// </summary>
public sealed class Xoshiro256
{
    private ulong _s0, _s1, _s2, _s3;

    public Xoshiro256(ulong seed)
    {
        SplitMix64 mix = new(seed);
        (_s0, _s1, _s2, _s3) = (mix.Next(), mix.Next(), mix.Next(), mix.Next());
    }

    /// <summary>Continues from a state that <see cref="State"/> gave.</summary>
    /// <exception cref="ArgumentException">The state is not four words, or all of them are 0.</exception>
    public Xoshiro256(ReadOnlySpan<ulong> state)
    {
        if (state.Length != 4 || state.IndexOfAnyExcept(0UL) < 0)
            throw new ArgumentException("The state of xoshiro256** is four words that are not all 0.", nameof(state));
        (_s0, _s1, _s2, _s3) = (state[0], state[1], state[2], state[3]);
    }

    /// <summary>The four words of the state, to be saved.</summary>
    public ulong[] State => [_s0, _s1, _s2, _s3];

    public ulong NextUInt64()
    {
        ulong result = BitOperations.RotateLeft(_s1 * 5, 7) * 9;
        ulong t = _s1 << 17;
        _s2 ^= _s0;
        _s3 ^= _s1;
        _s1 ^= _s2;
        _s0 ^= _s3;
        _s2 ^= t;
        _s3 = BitOperations.RotateLeft(_s3, 45);
        return result;
    }

    /// <summary>Uniform in [0, 1) with 53 random bits.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in [0, <paramref name="bound"/>), without bias (Lemire 2019).</summary>
    public int Next(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound);
        ulong n = (ulong)bound;
        ulong high = Math.BigMul(NextUInt64(), n, out ulong low);
        if (low < n)
        {
            ulong threshold = (0 - n) % n;
            while (low < threshold) high = Math.BigMul(NextUInt64(), n, out low);
        }
        return (int)high;
    }

    /// <summary>Fisher-Yates, from the last element down.</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (int i = items.Length - 1; i > 0; i--)
        {
            int j = Next(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    /// <summary>A random order of 0 .. <paramref name="count"/> - 1.</summary>
    public int[] Permutation(int count)
    {
        int[] order = [.. Enumerable.Range(0, count)];
        Shuffle(order.AsSpan());
        return order;
    }
}
