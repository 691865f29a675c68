using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>
/// Attention along root-to-leaf paths of a token forest. A segment's queries meet the keys of its path from the root, so
/// a prompt's keys are computed once and read by every answer; segments of like shape go through one fused call.
/// Everything outside attention works on the flat tokens. A kernel that reads the forest directly can take this
/// function's place without any other change.
/// </summary>
internal static class ForestAttention
{
    /// <summary>q [time, heads, head_dim], k and v [time, kv_heads, head_dim]; returns [time, heads * head_dim].</summary>
    public static Tensor Attend(Tensor q, Tensor k, Tensor v, ForestLayout layout)
    {
        int groups = (int)(q.shape[1] / k.shape[1]);
        var outputs = new List<Tensor>(layout.Tiles.Count);
        foreach (AttentionTile tile in layout.Tiles)
        {
            Tensor mixed = nn.functional.scaled_dot_product_attention(
                Lay(q, tile.QueryRows, tile.Segments, tile.Queries),
                LlamaOps.RepeatHeads(Lay(k, tile.KeyRows, tile.Segments, tile.Keys), groups),
                LlamaOps.RepeatHeads(Lay(v, tile.KeyRows, tile.Segments, tile.Keys), groups),
                tile.Mask.dtype == q.dtype ? tile.Mask : tile.Mask.to(q.dtype));
            outputs.Add(mixed.transpose(1, 2).reshape((long)tile.Segments * tile.Queries, -1));
        }
        Tensor all = outputs.Count == 1 ? outputs[0] : cat(outputs, 0);
        return all.index_select(0, layout.TileRowOfToken);
    }

    /// <summary>Picks rows of x [time, heads, head_dim] into [segments, heads, length, head_dim].</summary>
    private static Tensor Lay(Tensor x, Tensor rows, int segments, int length) =>
        x.index_select(0, rows).view(segments, length, x.shape[1], x.shape[2]).transpose(1, 2);
}
