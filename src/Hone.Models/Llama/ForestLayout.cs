using Hone.Data;
using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>
/// A <see cref="TokenForest"/> as the model reads it: token ids and positions flat, and the attention tiles. Lives on
/// one device; dispose it (or let the caller's dispose scope do so) after the step.
/// </summary>
internal sealed class ForestLayout
{
    // One tile holds trees of similar size; at most this many entries of [trees, length, length].
    private const long MaxTileEntries = 4 << 20;

    public required TokenForest Forest { get; init; }

    /// <summary>[time], int64.</summary>
    public required Tensor Tokens { get; init; }

    /// <summary>[time], int64.</summary>
    public required Tensor Positions { get; init; }

    /// <summary>Number of positions of the longest root-to-leaf path.</summary>
    public required int LongestPath { get; init; }

    public required IReadOnlyList<AttentionTile> Tiles { get; init; }

    /// <summary>Row of each token among the tiles' rows, one after the other [time], int64; null when rows are already in order.</summary>
    public required Tensor? TileRowOfToken { get; init; }

    public static ForestLayout Create(TokenForest forest, Device device)
    {
        int[] order = [.. Enumerable.Range(0, forest.TreeCount).OrderByDescending(t => Length(forest, t)).ThenBy(t => t)];
        var tiles = new List<AttentionTile>();
        long[] rowOfToken = new long[forest.TokenCount];
        long rows = 0;
        for (int at = 0; at < order.Length;)
        {
            int longest = Length(forest, order[at]);
            int end = at + 1;
            // Trees at least 7/8 as long share a tile: rows of attention, and nothing else, are ever filled up.
            while (end < order.Length && Length(forest, order[end]) * 8 >= longest * 7 && (long)(end - at + 1) * longest * longest <= MaxTileEntries) end++;
            tiles.Add(AttentionTile.Create(forest, order.AsSpan(at, end - at), longest, rowOfToken, rows, device));
            rows += (long)(end - at) * longest;
            at = end;
        }
        bool inOrder = rows == forest.TokenCount && rowOfToken.Select((row, i) => row == i).All(same => same);
        return new ForestLayout
        {
            Forest = forest,
            Tokens = tensor(forest.Tokens.Select(t => (long)t).ToArray(), device: device),
            Positions = tensor(forest.Positions.Select(p => (long)p).ToArray(), device: device),
            LongestPath = forest.Positions.Max() + 1,
            Tiles = tiles,
            TileRowOfToken = inOrder ? null : tensor(rowOfToken, device: device),
        };
    }

    private static int Length(TokenForest forest, int tree)
    {
        (int start, int end) = forest.TreeTokens(tree);
        return end - start;
    }
}

/// <summary>
/// Trees of similar length side by side for one attention call. <paramref name="Rows"/> [trees * length] are the flat
/// token indices (filler rows repeat token 0 and are never read back); <paramref name="Mask"/> [trees, 1, length, length]
/// is added to the attention scores: 0 along the path to the root, -inf elsewhere.
/// </summary>
internal sealed record AttentionTile(int Trees, int Length, Tensor Rows, Tensor Mask)
{
    public static AttentionTile Create(TokenForest forest, ReadOnlySpan<int> trees, int length, long[] rowOfToken, long firstRow, Device device)
    {
        long[] rows = new long[trees.Length * length];
        float[] mask = new float[(long)trees.Length * length * length];
        Array.Fill(mask, float.NegativeInfinity);
        for (int b = 0; b < trees.Length; b++)
        {
            (int start, int end) = forest.TreeTokens(trees[b]);
            for (int i = start; i < end; i++)
            {
                rows[(b * length) + i - start] = i;
                rowOfToken[i] = firstRow + (b * length) + i - start;
            }
            FillMask(forest, trees[b], start, mask.AsSpan(b * length * length, length * length), length);
        }
        return new AttentionTile(trees.Length, length, tensor(rows, device: device), tensor(mask, [trees.Length, 1, length, length], device: device));
    }

    private static void FillMask(TokenForest forest, int tree, int treeStart, Span<float> mask, int length)
    {
        (int firstSegment, int endSegment) = forest.TreeSegments(tree);
        int used = forest.Segments[endSegment - 1].End - treeStart;
        for (int s = firstSegment; s < endSegment; s++)
        {
            ForestSegment own = forest.Segments[s];
            for (int i = own.Start - treeStart; i < own.End - treeStart; i++)
            {
                Span<float> row = mask.Slice(i * length, length);
                row[(own.Start - treeStart)..(i + 1)].Clear();
                for (int a = own.Parent; a >= 0; a = forest.Segments[a].Parent)
                    row.Slice(forest.Segments[a].Start - treeStart, forest.Segments[a].Length).Clear();
            }
        }
        // A filler row sees itself only: a softmax over nothing would be NaN and spoil the gradient.
        for (int i = used; i < length; i++) mask[(i * length) + i] = 0;
    }
}
