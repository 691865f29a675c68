using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>
/// Attention along root-to-leaf paths of a token forest. Trees of similar length are laid side by side for one fused
/// attention call with a path mask; everything outside attention works on the flat tokens. A kernel that reads the
/// forest directly can take this function's place without any other change.
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
            bool whole = layout.TileRowOfToken is null && layout.Tiles.Count == 1;
            Tensor Lay(Tensor x)
            {
                Tensor rows = whole ? x : x.index_select(0, tile.Rows);
                return rows.view(tile.Trees, tile.Length, x.shape[1], x.shape[2]).transpose(1, 2);
            }
            Tensor mask = tile.Mask.dtype == q.dtype ? tile.Mask : tile.Mask.to(q.dtype);
            Tensor mixed = nn.functional.scaled_dot_product_attention(
                Lay(q), LlamaOps.RepeatHeads(Lay(k), groups), LlamaOps.RepeatHeads(Lay(v), groups), mask);
            outputs.Add(mixed.transpose(1, 2).reshape((long)tile.Trees * tile.Length, -1));
        }
        Tensor all = outputs.Count == 1 ? outputs[0] : cat(outputs, 0);
        return layout.TileRowOfToken is null ? all : all.index_select(0, layout.TileRowOfToken);
    }
}
