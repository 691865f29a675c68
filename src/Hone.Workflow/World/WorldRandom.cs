using System.Text;

namespace Hone.Workflow.World;

/// <summary>
/// SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators"): small, seedable by name,
/// the same on every machine.
/// </summary>
public sealed class WorldRandom
{
    private const ulong Golden = 0x9E3779B97F4A7C15;

    private ulong _state;

    public WorldRandom(ulong seed) => _state = seed;

    /// <summary>A stream of its own for every name under one seed.</summary>
    public WorldRandom(ulong seed, string name)
        : this(Mix(seed + Golden) ^ Hash(name))
    {
    }

    public ulong NextUInt64() => Mix(_state += Golden);

    /// <summary>Uniform in [0, 1) with 53 random bits.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in [0, <paramref name="end"/>); the bias of the multiply-shift is below 2^-32.</summary>
    public int Next(int end) => (int)(((NextUInt64() >> 32) * (ulong)end) >> 32);

    public bool Chance(double probability) => NextDouble() < probability;

    public T Pick<T>(IReadOnlyList<T> from) => from[Next(from.Count)];

    /// <summary>Standard Gumbel, for sampling by perturbed maximum.</summary>
    public double NextGumbel() => -Math.Log(-Math.Log(((NextUInt64() >> 11) + 0.5) * (1.0 / (1UL << 53))));

    /// <summary><paramref name="count"/> different elements in random order (Fisher-Yates).</summary>
    public T[] Sample<T>(IReadOnlyList<T> from, int count)
    {
        T[] pool = [.. from];
        for (int i = 0; i < count; i++)
        {
            int j = i + Next(pool.Length - i);
            (pool[i], pool[j]) = (pool[j], pool[i]);
        }
        return pool[..count];
    }

    /// <summary>A 64-bit hash of the text's UTF-8 bytes: FNV-1a with SplitMix64's finaliser.</summary>
    public static ulong Hash(string text)
    {
        ulong hash = 0xCBF29CE484222325;
        Span<byte> utf8 = stackalloc byte[4];
        foreach (Rune rune in text.EnumerateRunes())
        {
            int length = rune.EncodeToUtf8(utf8);
            foreach (byte b in utf8[..length]) hash = (hash ^ b) * 0x100000001B3;
        }
        return Mix(hash);
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
