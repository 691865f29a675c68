namespace Hone.Data;

/// <summary>Gives sources of rows their shares.</summary>
internal static class Mixture
{
    /// <summary>
    /// <paramref name="weight"/> times as many rows, rounded down: each row as often as the whole part says, and a seeded
    /// choice without replacement for the rest. 0.25 keeps a quarter, 2 takes every row twice. The order stays.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The weight is negative or not finite.</exception>
    public static IReadOnlyList<T> Weigh<T>(IReadOnlyList<T> rows, double weight, ulong seed)
    {
        if (!(weight >= 0 && double.IsFinite(weight)))
            throw new ArgumentOutOfRangeException(nameof(weight), weight, "a weight must be 0 or above");
        if (weight == 1) return rows;
        int times = (int)weight, extra = (int)(weight * rows.Count) - times * rows.Count;
        bool[] again = new bool[rows.Count];
        foreach (int i in new Xoshiro256(seed).Permutation(rows.Count).Take(extra)) again[i] = true;
        var weighed = new List<T>(times * rows.Count + extra);
        for (int i = 0; i < rows.Count; i++)
        {
            for (int t = 0; t < times + (again[i] ? 1 : 0); t++) weighed.Add(rows[i]);
        }
        return weighed;
    }
}
