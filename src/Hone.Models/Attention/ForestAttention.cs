using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>
/// Attention along root-to-leaf paths of a token forest. A segment's queries meet the keys of its path from the root, so
/// a prompt's keys are computed once and read by every answer; segments of like shape go through one fused call.
/// Everything outside attention works on the flat tokens.
/// </summary>
internal sealed class ForestAttention(ForestLayout layout, TransformerConfig config) : IAttention
{
    /// <inheritdoc/>
    public Tensor Attend(int layer, Tensor q, Tensor k, Tensor v)
    {
        using var all = NewDisposeScope();
        int? window = config.WindowOf(layer);
        IEnumerable<Tensor> queries = Pick(q, layout.QueryRows, t => t.QueryRows);
        IEnumerable<Tensor> keys = Pick(k, layout.KeyRows, t => t.KeyRows), values = Pick(v, layout.KeyRows, t => t.KeyRows);
        var outputs = new List<Tensor>(layout.Tiles.Count);
        foreach ((AttentionTile tile, (Tensor query, Tensor key, Tensor value)) in layout.Tiles.Zip(queries.Zip(keys, values)))
        {
            using var scope = NewDisposeScope();
            bool causal = tile.IsCausal(window);
            Tensor mixed = SharedAttention.Attend(
                Lay(query, tile.Segments, tile.Queries), Lay(key, tile.Segments, tile.Keys), Lay(value, tile.Segments, tile.Keys),
                causal ? null : tile.Mask(window, q.dtype), causal, config);
            outputs.Add(mixed.transpose(1, 2).reshape((long)tile.Segments * tile.Queries, -1).MoveToOuterDisposeScope());
            foreach (Tensor picked in (Tensor[])[query, key, value]) picked.Dispose();
        }
        Tensor rows = outputs.Count == 1 ? outputs[0] : cat(outputs, 0);
        return rows.index_select(0, layout.TileRowOfToken).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Rows of x [time, heads, head_dim] for each tile. A training pass, which keeps them all, picks them at once: the gradient of
    /// each pick is as large as x.
    /// </summary>
    private IEnumerable<Tensor> Pick(Tensor x, Tensor all, Func<AttentionTile, Tensor> rows) =>
        layout.Tiles.Count == 1 || !is_grad_enabled()
            ? layout.Tiles.Select(tile => x.index_select(0, rows(tile)))
            : x.index_select(0, all).split([.. layout.Tiles.Select(tile => rows(tile).shape[0])], 0);

    /// <summary>[segments * length, heads, head_dim] to [segments, heads, length, head_dim]</summary>
    private static Tensor Lay(Tensor rows, int segments, int length) =>
        rows.view(segments, length, rows.shape[1], rows.shape[2]).transpose(1, 2);
}
