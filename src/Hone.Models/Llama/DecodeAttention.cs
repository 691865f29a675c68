using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>
/// Attention of one new token per row over its cached keys and values. On the CPU in fp32 this is a kernel of Hone's own,
/// because libtorch's fused attention and its batched products need several times as long for single queries; elsewhere
/// it is libtorch's fused attention with the query heads of a group as its query rows.
/// </summary>
internal static class DecodeAttention
{
    /// <summary>q [rows, heads, head_dim] over layer <paramref name="layer"/> of the cache; returns [rows, heads * head_dim].</summary>
    public static Tensor Attend(Tensor q, KeyValueCache cache, int layer)
    {
        (Tensor keys, Tensor values) = cache.Layer(layer);
        return q.device_type == DeviceType.CPU && q.dtype == ScalarType.Float32 ? OnCpu(q, keys, values, cache) : Fused(q, keys, values, cache);
    }

    internal static Tensor Fused(Tensor q, Tensor keys, Tensor values, KeyValueCache cache)
    {
        (long rows, long kvHeads, long dim) = (keys.shape[0], keys.shape[1], keys.shape[3]);
        Tensor mixed = nn.functional.scaled_dot_product_attention(
            q.view(rows, kvHeads, -1, dim), keys.narrow(2, 0, cache.Columns), values.narrow(2, 0, cache.Columns), cache.Mask());
        return mixed.reshape(rows, -1);
    }

    internal static unsafe Tensor OnCpu(Tensor q, Tensor keys, Tensor values, KeyValueCache cache)
    {
        q = q.contiguous();
        Tensor result = empty_like(q);
        var kernel = new CpuDecodeKernel
        {
            Queries = Address(q),
            Keys = Address(keys),
            Values = Address(values),
            Result = Address(result),
            KvHeads = (int)keys.shape[1],
            Group = (int)(q.shape[1] / keys.shape[1]),
            Dim = (int)keys.shape[3],
            Capacity = cache.Capacity,
            Columns = cache.Columns,
            Gaps = cache.Gaps,
        };
        kernel.AttendRows();
        return result.view(cache.Rows, -1);
    }

    /// <summary>Native memory of a contiguous CPU tensor; stays valid as long as the tensor lives.</summary>
    private static unsafe float* Address(Tensor t) =>
        (float*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(t.flatten().narrow(0, 0, 1).bytes));
}
