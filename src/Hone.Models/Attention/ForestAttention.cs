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
        var outputs = new List<Tensor>(layout.Tiles.Count);
        foreach (AttentionTile tile in layout.Tiles)
        {
            using var scope = NewDisposeScope();
            int? window = config.WindowOf(layer);
            bool causal = tile.IsCausal(window);
            Tensor mixed = SharedAttention.Attend(
                Lay(q, tile.QueryRows, tile.Segments, tile.Queries),
                Lay(k, tile.KeyRows, tile.Segments, tile.Keys),
                Lay(v, tile.KeyRows, tile.Segments, tile.Keys),
                causal ? null : tile.Mask(window, q.dtype), causal, config);
            outputs.Add(mixed.transpose(1, 2).reshape((long)tile.Segments * tile.Queries, -1).MoveToOuterDisposeScope());
        }
        Tensor rows = outputs.Count == 1 ? outputs[0] : cat(outputs, 0);
        return rows.index_select(0, layout.TileRowOfToken).MoveToOuterDisposeScope();
    }

    /// <summary>Picks rows of x [time, heads, head_dim] into [segments, heads, length, head_dim].</summary>
    private static Tensor Lay(Tensor x, Tensor rows, int segments, int length) =>
        x.index_select(0, rows).view(segments, length, x.shape[1], x.shape[2]).transpose(1, 2);
}
