namespace Hone.Text.Chat;

/// <summary>Finds the token at which a cut in a text falls.</summary>
internal static class TokenCuts
{
    /// <summary>
    /// Number of tokens before the cut at whose place the text of <paramref name="prefix"/> ends. A token that lies across the cut
    /// belongs to neither side's assistant text: it counts as before a start and as after an end.
    /// </summary>
    public static int Before(Tokenizer tokenizer, ReadOnlySpan<int> ids, ReadOnlySpan<int> prefix, bool isStart)
    {
        if (ids.StartsWith(prefix)) return prefix.Length;
        int target = tokenizer.Decode(prefix).Length;
        StreamDecoder decoder = tokenizer.StartDecoding(skipSpecial: false);
        int length = 0, count = 0;
        while (length < target && count < ids.Length) length += decoder.Push(ids[count++]).Length;
        return length > target && !isStart ? count - 1 : count;
    }
}
