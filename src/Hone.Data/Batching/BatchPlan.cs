namespace Hone.Data;

/// <summary>Decides the order of examples and where batches end. Examples are named by their index.</summary>
public static class BatchPlan
{
    /// <summary>
    /// The order of one pass over the data: a shuffle that depends on nothing but the seed and the epoch, so a resumed
    /// run needs no state to find its place.
    /// </summary>
    public static int[] EpochOrder(int count, ulong seed, int epoch) =>
        new Xoshiro256(Seeds.Derive(seed, $"epoch {epoch}")).Permutation(count);

    /// <summary>Longest first, equal lengths by index: for scoring, where order is free and out-of-memory should come early.</summary>
    public static int[] LongestFirst(IReadOnlyList<int> tokens) =>
        [.. Enumerable.Range(0, tokens.Count).OrderByDescending(i => tokens[i]).ThenBy(i => i)];

    /// <summary>
    /// Cuts an order into batches of at most <paramref name="maxTokens"/> tokens and <paramref name="maxExamples"/>
    /// examples. Every index of the order comes out exactly once, in the same order.
    /// </summary>
    /// <param name="order">Indices of examples.</param>
    /// <param name="tokens">Tokens of each example, by index.</param>
    /// <param name="maxTokens">Most tokens in a batch.</param>
    /// <param name="maxExamples">Most examples in a batch.</param>
    /// <exception cref="InputException">One example alone is over the limit of tokens.</exception>
    public static IReadOnlyList<int[]> Cut(
        ReadOnlySpan<int> order, IReadOnlyList<int> tokens, int maxTokens, int maxExamples = int.MaxValue)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxTokens);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxExamples);
        List<int[]> batches = [];
        List<int> batch = [];
        int used = 0;
        foreach (int index in order)
        {
            int size = tokens[index];
            if (size > maxTokens)
            {
                throw new InputException($"an example has {size} tokens, a batch holds {maxTokens}", $"example {index + 1}",
                    "Raise the tokens per micro-batch, or lower the length limit.");
            }
            if (batch.Count == maxExamples || used > maxTokens - size)
            {
                batches.Add([.. batch]);
                batch.Clear();
                used = 0;
            }
            batch.Add(index);
            used += size;
        }
        if (batch.Count > 0) batches.Add([.. batch]);
        return batches;
    }
}
