using Hone.Data;

namespace Hone.Workflow.World;

/// <summary>Draws that the grammar of the small world is made of, from Hone's one generator.</summary>
internal static class WorldRandom
{
    public static bool Chance(this Xoshiro256 random, double probability) => random.NextDouble() < probability;

    public static T Pick<T>(this Xoshiro256 random, IReadOnlyList<T> from) => from[random.Next(from.Count)];

    /// <summary><paramref name="count"/> different elements in random order.</summary>
    public static T[] Sample<T>(this Xoshiro256 random, IReadOnlyList<T> from, int count)
    {
        T[] pool = [.. from];
        random.Shuffle(pool.AsSpan());
        return pool[..count];
    }

    /// <summary>Standard Gumbel, for sampling by perturbed maximum.</summary>
    public static double NextGumbel(this Xoshiro256 random) => -Math.Log(-Math.Log(Math.Max(random.NextDouble(), double.Epsilon)));
}
