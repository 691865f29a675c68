using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>
/// What tokens see of each other: the one seam between a <see cref="Block"/> and the ways of running it. Over a forest
/// (training, scoring) and over blocks of a cache (prompts, decoding); another kernel is one more implementation.
/// </summary>
internal interface IAttention
{
    /// <summary>
    /// q [time, heads, head_dim], k and v [time, kv_heads, head_dim], normalised and rotated; returns [time, heads * head_dim].
    /// </summary>
    Tensor Attend(int layer, Tensor q, Tensor k, Tensor v);
}
