using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>
/// Attention of one new token per row over its cached keys and values, which its own are added to first. On the CPU in fp32
/// this is a kernel of Hone's own, because libtorch's fused attention and its batched products need several times as long
/// for single queries; elsewhere it is libtorch's, with the query heads of a group as its query rows.
/// </summary>
internal sealed class CacheAttention(KeyValueCache cache, TransformerConfig config) : IAttention
{
    private readonly Tensor _places = cache.NewestPlaces();
    private readonly Dictionary<int, Tensor?> _masks = [];

    /// <inheritdoc/>
    public Tensor Attend(int layer, Tensor q, Tensor k, Tensor v)
    {
        cache.Write(layer, _places, k, v);
        return q.device_type == DeviceType.CPU && q.dtype == ScalarType.Float32 ? OnCpu(layer, q) : Fused(layer, q);
    }

    internal Tensor Fused(int layer, Tensor q)
    {
        (Tensor keys, Tensor values) = cache.Layer(layer);
        (long rows, long kvHeads, long dim) = (keys.shape[0], keys.shape[1], keys.shape[3]);
        Tensor mixed = SharedAttention.Attend(
            q.view(rows, kvHeads, -1, dim), keys.narrow(2, 0, cache.Columns), values.narrow(2, 0, cache.Columns),
            Mask(config.WindowOf(layer), q.device), causal: false, config);
        return mixed.reshape(rows, -1);
    }

    internal unsafe Tensor OnCpu(int layer, Tensor q)
    {
        (Tensor keys, Tensor values) = cache.Layer(layer);
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
            Lengths = cache.Lengths,
            Window = config.WindowOf(layer) ?? int.MaxValue,
            Scale = 1 / MathF.Sqrt((float)(config.QueryScalar ?? config.HeadDim)),
            Cap = (float)(config.AttentionCap ?? 0),
        };
        kernel.AttendRows();
        return result.view(cache.Rows, -1);
    }

    /// <summary>[rows, 1, 1, columns]; null where every row sees all columns.</summary>
    private Tensor? Mask(int? window, Device device)
    {
        int columns = cache.Columns, width = Math.Min(window ?? columns, columns);
        if (_masks.TryGetValue(width, out Tensor? mask)) return mask;
        if (width == columns && cache.Lengths.All(length => length == columns)) return _masks[width] = null;
        using var scope = NewDisposeScope();
        long[] shape = [cache.Rows, 1, 1];
        Tensor first = tensor(cache.Lengths.Select(length => (long)Math.Max(0, length - width)).ToArray(), shape, device: device);
        Tensor end = tensor(cache.Lengths.Select(length => (long)length).ToArray(), shape, device: device);
        // Read by all layers of the step: it goes when the step goes.
        return _masks[width] = VisibleKeys.Mask(first, end, columns).MoveToOtherDisposeScope(_places);
    }

    /// <summary>Native memory of a contiguous CPU tensor; stays valid as long as the tensor lives.</summary>
    private static unsafe float* Address(Tensor t) =>
        (float*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(t.flatten().narrow(0, 0, 1).bytes));
}
