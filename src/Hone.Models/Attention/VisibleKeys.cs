using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>Masks to add to attention scores: 0 where a query sees a key, -inf elsewhere. fp32.</summary>
internal static class VisibleKeys
{
    /// <summary>Of queries that each see the keys [first, end).</summary>
    /// <param name="first">[...]</param>
    /// <param name="end">[...]</param>
    /// <returns>[..., keys]</returns>
    public static Tensor Mask(Tensor first, Tensor end, int keys)
    {
        using var scope = NewDisposeScope();
        Tensor key = tensor(Enumerable.Range(0, keys).Select(k => (long)k).ToArray(), device: first.device);
        Tensor hidden = key.lt(first.unsqueeze(-1));
        using (Tensor beyond = key.ge(end.unsqueeze(-1))) hidden.logical_or_(beyond);
        return Arithmetic.WithoutWhere(hidden).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Of a sequence over itself: each position sees those up to itself, at most <paramref name="window"/> of them.
    /// [length, length]
    /// </summary>
    public static Tensor Mask(long length, int? window, Device device)
    {
        using var scope = NewDisposeScope();
        long[] ends = [.. Enumerable.Range(1, (int)length).Select(e => (long)e)];
        long[] firsts = [.. ends.Select(e => Math.Max(0, e - (window ?? e)))];
        return Mask(tensor(firsts, device: device), tensor(ends, device: device), (int)length).MoveToOuterDisposeScope();
    }
}
