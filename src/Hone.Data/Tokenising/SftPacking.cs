namespace Hone.Data;

/// <summary>Packs examples into blocks of one length, as the public <c>sft.py</c> does.</summary>
internal static class SftPacking
{
    /// <summary>
    /// Joins the examples end to end and cuts after every <paramref name="length"/> tokens; the last block is shorter.
    /// Tokens in = tokens out. Within a block, tokens see those of other examples before them: packing as the recipe has
    /// it, where a forest of whole examples would keep them apart.
    /// </summary>
    public static IReadOnlyList<SftExample> Pack(IEnumerable<SftExample> examples, int length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 2);
        List<SftExample> blocks = [];
        List<int> ids = [];
        List<bool> mask = [];
        foreach (SftExample example in examples)
        {
            int at = 0;
            while (at < example.Ids.Length)
            {
                int take = Math.Min(length - ids.Count, example.Ids.Length - at);
                ids.AddRange(example.Ids.AsSpan(at, take));
                mask.AddRange(example.LossMask.AsSpan(at, take));
                at += take;
                if (ids.Count == length) Finish(blocks, ids, mask);
            }
        }
        if (ids.Count > 0) Finish(blocks, ids, mask);
        return blocks;
    }

    private static void Finish(List<SftExample> blocks, List<int> ids, List<bool> mask)
    {
        blocks.Add(new SftExample([.. ids], [.. mask]));
        ids.Clear();
        mask.Clear();
    }
}
