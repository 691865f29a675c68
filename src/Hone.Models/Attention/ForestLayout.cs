using Hone.Data;
using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>
/// A <see cref="TokenForest"/> as the model reads it: token ids and positions flat, and the attention tiles. Lives on
/// one device; the caller's dispose scope frees it.
/// </summary>
internal sealed class ForestLayout
{
    private readonly record struct Row(int Segment, int Queries, int Keys)
    {
        public bool IsRoot => Queries == Keys;
    }

    /// <summary>[time], int64.</summary>
    public required Tensor Tokens { get; init; }

    /// <summary>Where each token stands; the longest sequence that a token is part of is its tree's longest path.</summary>
    public required PassPositions Positions { get; init; }

    public required IReadOnlyList<AttentionTile> Tiles { get; init; }

    /// <summary>The query rows of all tiles, one tile after the other.</summary>
    public required Tensor QueryRows { get; init; }

    /// <summary>The key rows of all tiles, one tile after the other.</summary>
    public required Tensor KeyRows { get; init; }

    /// <summary>Row of each token among the tiles' query rows, one tile after the other. [time], int64</summary>
    public required Tensor TileRowOfToken { get; init; }

    public static ForestLayout Create(TokenForest forest, Device device)
    {
        long[] rowOfToken = new long[forest.TokenCount];
        var tiles = new List<AttentionTile>();
        long rows = 0;
        foreach (Row[] group in Group(forest))
        {
            tiles.Add(Tile(forest, group, rowOfToken, rows, device));
            rows += (long)tiles[^1].Segments * tiles[^1].Queries;
        }
        return new ForestLayout
        {
            Tokens = tensor(forest.Tokens.Select(t => (long)t).ToArray(), device: device),
            Positions = new PassPositions(
                tensor(forest.Positions.Select(p => (long)p).ToArray(), device: device), PathLengths(forest), forest.Positions.Max() + 1),
            Tiles = tiles,
            QueryRows = cat([.. tiles.Select(t => t.QueryRows)], 0),
            KeyRows = cat([.. tiles.Select(t => t.KeyRows)], 0),
            TileRowOfToken = tensor(rowOfToken, device: device),
        };
    }

    private static int[] PathLengths(TokenForest forest)
    {
        int[] lengths = new int[forest.TokenCount];
        for (int tree = 0; tree < forest.TreeCount; tree++)
        {
            (int start, int end) = forest.TreeTokens(tree);
            int longest = 0;
            for (int t = start; t < end; t++) longest = Math.Max(longest, forest.Positions[t] + 1);
            lengths.AsSpan(start, end - start).Fill(longest);
        }
        return lengths;
    }

    /// <summary>
    /// Segments of like shape share a tile while at most a third of the tile's area is filler; those with a prefix and those
    /// without are kept apart.
    /// </summary>
    private static IEnumerable<Row[]> Group(TokenForest forest)
    {
        var group = new List<Row>();
        (int queries, int keys, long needed) = (0, 0, 0);
        foreach (Row row in forest.Segments
            .Select((s, i) => new Row(i, s.Length, forest.Positions[s.End - 1] + 1))
            .OrderBy(r => r.IsRoot).ThenByDescending(r => r.Keys).ThenByDescending(r => r.Queries).ThenBy(r => r.Segment))
        {
            int widerQueries = Math.Max(queries, row.Queries), widerKeys = Math.Max(keys, row.Keys);
            long wider = needed + ((long)row.Queries * row.Keys);
            bool other = group.Count > 0 && group[0].IsRoot != row.IsRoot;
            if (other || (group.Count > 0 && (long)(group.Count + 1) * widerQueries * widerKeys * 2 > wider * 3))
            {
                yield return [.. group];
                group.Clear();
                (widerQueries, widerKeys, wider) = (row.Queries, row.Keys, (long)row.Queries * row.Keys);
            }
            group.Add(row);
            (queries, keys, needed) = (widerQueries, widerKeys, wider);
        }
        if (group.Count > 0) yield return [.. group];
    }

    private static AttentionTile Tile(TokenForest forest, Row[] group, long[] rowOfToken, long firstRow, Device device)
    {
        int queries = group.Max(r => r.Queries), keys = group.Max(r => r.Keys);
        long[] queryRows = new long[group.Length * queries];
        long[] keyRows = new long[group.Length * keys];
        long[] visible = new long[group.Length * queries];
        for (int b = 0; b < group.Length; b++)
        {
            Row row = group[b];
            ForestSegment own = forest.Segments[row.Segment];
            for (int i = 0; i < row.Queries; i++)
            {
                queryRows[(b * queries) + i] = own.Start + i;
                rowOfToken[own.Start + i] = firstRow + (b * queries) + i;
            }
            int end = row.Keys;
            for (int s = row.Segment; s >= 0; s = forest.Segments[s].Parent)
            {
                ForestSegment segment = forest.Segments[s];
                for (int j = 0; j < segment.Length; j++) keyRows[(b * keys) + end - segment.Length + j] = segment.Start + j;
                end -= segment.Length;
            }
            // A filler row sees the first key: a softmax over nothing would be NaN and spoil the gradient.
            for (int i = 0; i < queries; i++) visible[(b * queries) + i] = i < row.Queries ? row.Keys - row.Queries + i + 1 : 1;
        }
        return new AttentionTile(group.Length, queries, keys, tensor(queryRows, device: device), tensor(keyRows, device: device),
            visible, group[0].IsRoot);
    }
}

/// <summary>
/// Segments of like shape side by side for one attention call. <paramref name="QueryRows"/> [segments * queries] are the
/// segments' own tokens and <paramref name="KeyRows"/> [segments * keys] those of their whole paths from the root, as
/// flat token indices (filler repeats token 0 and is never read). A query sees the first <paramref name="Visible"/>
/// [segments * queries] of its keys, or the last of these that lie in the window.
/// </summary>
/// <param name="Roots">Whether no segment has a prefix.</param>
internal sealed record AttentionTile(int Segments, int Queries, int Keys, Tensor QueryRows, Tensor KeyRows, long[] Visible, bool Roots)
{
    private readonly Dictionary<int, Tensor> _masks = [];

    /// <summary>
    /// Segments without a prefix: each query sees the keys up to itself, which fused kernels know without a mask. What follows
    /// a shorter segment is filler, which its own queries do not reach.
    /// </summary>
    public bool IsCausal(int? window) => Roots && (window ?? Keys) >= Keys;

    /// <summary>
    /// Added to the scores, in their type; one for all layers of a window, in the scope of the pass.
    /// [segments, 1, queries, keys]
    /// </summary>
    public Tensor Mask(int? window, ScalarType type)
    {
        // A window no shorter than the keys cuts nothing.
        int width = Math.Min(window ?? Keys, Keys);
        if (_masks.TryGetValue(width, out Tensor? mask)) return mask;
        using var scope = NewDisposeScope();
        long[] shape = [Segments, 1, Queries];
        Tensor first = tensor(Visible.Select(end => Math.Max(0, end - width)).ToArray(), shape, device: QueryRows.device);
        Tensor end = tensor(Visible, shape, device: QueryRows.device);
        // Made for the layer that asks first, read by others: it goes when the tile's rows go.
        return _masks[width] = VisibleKeys.Mask(first, end, Keys).to(type).MoveToOtherDisposeScope(QueryRows);
    }
}
