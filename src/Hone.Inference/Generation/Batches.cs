namespace Hone.Inference;

/// <summary>Divides answers into batches that fit the limits.</summary>
internal static class Batches
{
    private const int SmallestShare = 4;

    /// <summary>
    /// Batches with prompts of falling length, answers to the same prompt side by side. Prompts of similar length share a
    /// batch, so little of the cache is padding, and the largest batch comes first, so memory that is too small shows at once.
    /// </summary>
    /// <param name="answers">All answers to come.</param>
    /// <param name="rows">Most answers in one batch.</param>
    /// <param name="cacheTokens">Most tokens in the cache of one batch; an answer that needs more is a batch of its own.</param>
    /// <param name="atLeast">As many batches are made even where fewer would do, unless they would get very small.</param>
    public static IEnumerable<AnswerInProgress[]> Divide(
        IReadOnlyList<AnswerInProgress> answers, int rows, long cacheTokens, int atLeast)
    {
        int most = Math.Min(rows, Math.Max(SmallestShare, (answers.Count + atLeast - 1) / atLeast));
        AnswerInProgress[] sorted =
            [.. answers.OrderByDescending(a => a.Prompt.Length).ThenBy(a => a.Prompt, TokenOrder.Instance).ThenBy(a => a.Order)];
        int start = 0;
        for (int longest = 0, end = 0; end < sorted.Length; end++)
        {
            longest = Math.Max(longest, sorted[end].LongestLength);
            int count = end - start + 1;
            if (count > 1 && (count > most || (long)count * longest > cacheTokens))
            {
                yield return sorted[start..end];
                (start, longest) = (end, sorted[end].LongestLength);
            }
        }
        if (start < sorted.Length) yield return sorted[start..];
    }

    private sealed class TokenOrder : IComparer<int[]>
    {
        public static TokenOrder Instance { get; } = new();

        public int Compare(int[]? x, int[]? y) => x.AsSpan().SequenceCompareTo(y);
    }
}
