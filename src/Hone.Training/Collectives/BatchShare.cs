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
        int[] dealt = Deal([.. tokens.Select(t => (long)t)], ranks);
        return [.. Enumerable.Range(0, ranks).Select(r => Enumerable.Range(0, dealt.Length).Where(i => dealt[i] == r).ToArray())];
    }

    /// <summary>Which rank holds the optimiser's state of each weight: largest first, each to the rank that holds least.</summary>
    public static Dictionary<string, int> Owners(IReadOnlyDictionary<string, long> sizes, int ranks)
    {
        string[] names = [.. sizes.Keys.Order(StringComparer.Ordinal)];
        return names.Zip(Deal([.. names.Select(n => sizes[n])], ranks)).ToDictionary();
    }

    /// <summary>The rank of each size: largest first, equal ones in their order, each to the rank that has least.</summary>
    private static int[] Deal(long[] sizes, int ranks)
    {
        int[] dealt = new int[sizes.Length];
        long[] load = new long[ranks];
        foreach (int i in Enumerable.Range(0, sizes.Length).OrderByDescending(i => sizes[i]))
        {
            dealt[i] = Array.IndexOf(load, load.Min());
            load[dealt[i]] += sizes[i];
        }
        return dealt;
    }
}
