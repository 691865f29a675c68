using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>The pieces of a Llama block as plain functions, shared by the full and the incremental forward pass.</summary>
internal static class LlamaOps
{
    /// <summary>RMSNorm (arXiv 1910.07467): statistics in fp32, the result in the type of <paramref name="x"/>. [..., dim]</summary>
    public static Tensor RmsNorm(Tensor x, Tensor weight, double epsilon)
    {
        Tensor wide = x.dtype == ScalarType.Float32 ? x : x.to(ScalarType.Float32);
        Tensor normed = wide * (wide * wide).mean([-1], keepdim: true).Plus(epsilon).rsqrt();
        if (normed.dtype != x.dtype) normed = normed.to(x.dtype);
        return normed * (weight.dtype == x.dtype ? weight : weight.to(x.dtype));
    }

    /// <summary>Rotates the pairs (i, i + head_dim / 2) of x [time, heads, head_dim] by the rows of cos and sin [time, 1, head_dim].</summary>
    public static Tensor Rotate(Tensor x, Tensor cos, Tensor sin)
    {
        long half = x.shape[^1] / 2;
        Tensor rotated = cat([x.narrow(-1, half, half).neg(), x.narrow(-1, 0, half)], -1);
        return (x * cos).Plus(rotated * sin);
    }

    /// <summary>x W^T (+ b), with the master weights cast to the type of <paramref name="x"/> when they differ.</summary>
    public static Tensor Linear(Tensor x, Tensor weight, Tensor? bias = null)
    {
        Tensor w = weight.dtype == x.dtype ? weight : weight.to(x.dtype);
        Tensor? b = bias is null || bias.dtype == x.dtype ? bias : bias.to(x.dtype);
        return nn.functional.linear(x, w, b);
    }

    /// <summary>Repeats each key/value head for its group of query heads: [..., kv_heads, time, head_dim] to [..., heads, time, head_dim].</summary>
    public static Tensor RepeatHeads(Tensor x, int groups) =>
        groups == 1 ? x : x.repeat_interleave(groups, dim: 1);
}
