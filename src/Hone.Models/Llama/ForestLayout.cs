using Hone.Data;
using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>
/// A <see cref="TokenForest"/> as the model reads it: token ids and positions flat, and the attention tiles. Lives on
/// one device; the caller's dispose scope frees it.
/// </summary>
internal sealed class ForestLayout
{
    private readonly record struct Row(int Segment, int Queries, int Keys);

    /// <summary>[time], int64.</summary>
    public required Tensor Tokens { get; init; }

    /// <summary>[time], int64.</summary>
    public required Tensor Positions { get; init; }

    /// <summary>Number of positions of the longest root-to-leaf path.</summary>
    public required int LongestPath { get; init; }

    public required IReadOnlyList<AttentionTile> Tiles { get; init; }

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
            Positions = tensor(forest.Positions.Select(p => (long)p).ToArray(), device: device),
            LongestPath = forest.Positions.Max() + 1,
            Tiles = tiles,
            TileRowOfToken = tensor(rowOfToken, device: device),
        };
    }

    /// <summary>Segments of like shape share a tile while at most a third of the tile's area is filler.</summary>
    private static IEnumerable<Row[]> Group(TokenForest forest)
    {
        var group = new List<Row>();
        (int queries, int keys, long needed) = (0, 0, 0);
        foreach (Row row in forest.Segments
            .Select((s, i) => new Row(i, s.Length, forest.Positions[s.End - 1] + 1))
            .OrderByDescending(r => r.Keys).ThenByDescending(r => r.Queries).ThenBy(r => r.Segment))
        {
            int widerQueries = Math.Max(queries, row.Queries), widerKeys = Math.Max(keys, row.Keys);
            long wider = needed + ((long)row.Queries * row.Keys);
            if (group.Count > 0 && (long)(group.Count + 1) * widerQueries * widerKeys * 2 > wider * 3)
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
        float[] mask = new float[(long)group.Length * queries * keys];
        Array.Fill(mask, float.NegativeInfinity);
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
            for (int i = 0; i < queries; i++)
            {
                // A filler row sees the first key: a softmax over nothing would be NaN and spoil the gradient.
                int visible = i < row.Queries ? row.Keys - row.Queries + i + 1 : 1;
                mask.AsSpan(((b * queries) + i) * keys, visible).Clear();
            }
        }
        return new AttentionTile(group.Length, queries, keys, tensor(queryRows, device: device), tensor(keyRows, device: device),
            tensor(mask, [group.Length, 1, queries, keys], device: device));
    }
}

/// <summary>
/// Segments of like shape side by side for one attention call. <paramref name="QueryRows"/> [segments * queries] are the
/// segments' own tokens and <paramref name="KeyRows"/> [segments * keys] those of their whole paths from the root, as
/// flat token indices (filler repeats token 0 and is never read). <paramref name="Mask"/> [segments, 1, queries, keys] is
/// added to the scores: 0 up to the query's own position, -inf beyond.
/// </summary>
internal sealed record AttentionTile(int Segments, int Queries, int Keys, Tensor QueryRows, Tensor KeyRows, Tensor Mask);
