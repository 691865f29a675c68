using System.Globalization;
using Hone.Data;

namespace Hone.Workflow;

/// <summary>One of several parts of about the same size that a list of prompts is cut into, in order.</summary>
/// <param name="Index">From 1.</param>
/// <param name="Count">All parts.</param>
public sealed record PromptShard(int Index, int Count)
{
    private const int Most = 100_000;

    /// <summary>Reads <c>i/n</c>.</summary>
    /// <exception cref="InputException">It is written otherwise, or i is not from 1 to n.</exception>
    public static PromptShard Parse(string text) => text.Split('/') is [var first, var second]
        && int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out int index)
        && int.TryParse(second, NumberStyles.None, CultureInfo.InvariantCulture, out int count)
        && index >= 1 && index <= count && count <= Most
        ? new PromptShard(index, count)
        : throw new InputException(
            $"--shard is {text}, it must be i/n with i from 1 to n", fix: "For example --shard 2/4: the second quarter.");

    /// <exception cref="InputException">There are fewer prompts than parts.</exception>
    internal IReadOnlyList<PromptRow> Of(IReadOnlyList<PromptRow> prompts)
    {
        if (prompts.Count < Count)
            throw new InputException($"there are {prompts.Count} prompts for {Count} shards", fix: "Ask for fewer shards.");
        int Border(int at) => (int)((long)prompts.Count * at / Count);
        return [.. prompts.Skip(Border(Index - 1)).Take(Border(Index) - Border(Index - 1))];
    }
}
