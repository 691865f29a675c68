using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Hone.Models;

/// <summary>
/// softmax(q k^T / sqrt(scalar)) v by libtorch, for all kinds of attention: its fused kernel where that can do it, a plain
/// product where scores are capped, because the kernel knows no cap.
/// </summary>
internal static class SharedAttention
{
    /// <param name="q">[batch, heads, queries, head_dim]</param>
    /// <param name="k">[batch, kv_heads, keys, head_dim]; each serves heads / kv_heads query heads.</param>
    /// <param name="v">[batch, kv_heads, keys, head_dim]</param>
    /// <param name="mask">Added to the scores [batch or 1, 1, queries, keys]; null for none.</param>
    /// <param name="causal">Query i sees the keys up to i; only without a mask.</param>
    /// <returns>[batch, heads, queries, head_dim]</returns>
    public static Tensor Attend(Tensor q, Tensor k, Tensor v, Tensor? mask, bool causal, TransformerConfig config)
    {
        using var scope = NewDisposeScope();
        if (Products.TypeOf(q) is var type && type != q.dtype)
            return Attend(q.to(type), k.to(type), v.to(type), mask, causal, config).to(q.dtype).MoveToOuterDisposeScope();
        int groups = (int)(q.shape[1] / k.shape[1]);
        (k, v) = (RepeatHeads(k, groups), RepeatHeads(v, groups));
        // The kernel divides by sqrt(head_dim).
        if (config.QueryScalar is { } scalar && scalar != config.HeadDim) q = q.Times(Math.Sqrt(config.HeadDim / scalar));
        mask = mask?.As(q.dtype);
        if (config.AttentionCap is not { } cap)
            return scaled_dot_product_attention(q, k, v, mask, is_casual: causal).MoveToOuterDisposeScope();
        if (causal) mask = VisibleKeys.Mask(q.shape[2], window: null, q.device);
        return matmul(Capped(q, k, mask, cap, config).As(v.dtype), v).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// What share of each query's attention each key has: the largest tensor of a pass, of which three live at a time. Changed in place
    /// where the backward pass does not need the value. [batch, heads, queries, keys], fp32
    /// </summary>
    private static Tensor Capped(Tensor q, Tensor k, Tensor? mask, double cap, TransformerConfig config)
    {
        using var scope = NewDisposeScope();
        Tensor products = matmul(q, k.transpose(2, 3)).ScaleInPlace(1 / Math.Sqrt(config.HeadDim)), scores = products.SoftCap(cap);
        products.Dispose();
        if (mask is not null) scores.AddInPlace(mask);
        return scores.softmax(-1, ScalarType.Float32).MoveToOuterDisposeScope();
    }

    private static Tensor RepeatHeads(Tensor x, int groups) => groups == 1 ? x : x.repeat_interleave(groups, dim: 1);
}
