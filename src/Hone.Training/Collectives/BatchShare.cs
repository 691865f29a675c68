namespace Hone.Training;

/// <summary>How the examples of a batch are dealt to ranks, so that each has about as many tokens.</summary>
internal static class BatchShare
{
    /// <summary>
    /// Longest first, each to the rank with the fewest tokens so far (Graham 1969): no rank has more than 4/3 of the best possible.
    /// Equal on all ranks.
    /// </summary>
    /// <param name="tokens">Of each example.</param>
    /// <returns>Indices by rank, rising. [ranks][]</returns>
    public static int[][] Of(IReadOnlyList<int> tokens, int ranks)
    {
        var shares = new List<int>[ranks];
        for (int r = 0; r < ranks; r++) shares[r] = [];
        long[] load = new long[ranks];
        foreach (int i in Enumerable.Range(0, tokens.Count).OrderByDescending(i => tokens[i]).ThenBy(i => i))
        {
            int least = Array.IndexOf(load, load.Min());
            shares[least].Add(i);
            load[least] += tokens[i];
        }
        return [.. shares.Select(s => s.Order().ToArray())];
    }

    /// <summary>Which rank holds the optimiser's state of each weight: largest first, each to the rank that holds least.</summary>
    public static Dictionary<string, int> Owners(IReadOnlyDictionary<string, long> sizes, int ranks)
    {
        long[] load = new long[ranks];
        var owners = new Dictionary<string, int>();
        foreach ((string name, long size) in sizes.OrderByDescending(s => s.Value).ThenBy(s => s.Key, StringComparer.Ordinal))
        {
            int least = Array.IndexOf(load, load.Min());
            owners[name] = least;
            load[least] += size;
        }
        return owners;
    }
}
