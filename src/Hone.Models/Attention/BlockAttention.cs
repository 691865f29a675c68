using TorchSharp;
using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>
/// Attention of the next tokens of several sequences over their blocks of the cache, which their own keys and values are added
/// to first. Single tokens on the CPU take Hone's own kernel, because libtorch's fused attention and its batched products need
/// several times as long for single queries; everything else is libtorch's.
/// </summary>
internal sealed class BlockAttention : IAttention
{
    private readonly BlockCache _cache;
    private readonly TransformerConfig _config;
    private readonly Tensor _places;
    // Where each part's tokens begin in the pass; parts of one token apart from those of several.
    private readonly (SequencePart Part, int At)[] _single, _several;
    private readonly (int[] Blocks, int Length)[] _rows;
    private readonly bool _spread;
    // What all layers of the pass read: masks by window, and the tables of blocks.
    private readonly Dictionary<(int Part, int Window), Tensor?> _masks = [];
    private readonly Dictionary<int, Tensor> _tables = [];

    /// <param name="spread">Whether long attention may be spread over the processor's cores.</param>
    public BlockAttention(BlockCache cache, TransformerConfig config, IReadOnlyList<SequencePart> parts, bool spread)
    {
        (_cache, _config, _spread) = (cache, config, spread);
        _places = cache.Places(parts);
        List<(SequencePart, int)> single = [], several = [];
        int at = 0;
        foreach (SequencePart part in parts)
        {
            (part.Tokens.Length == 1 ? single : several).Add((part, at));
            at += part.Tokens.Length;
        }
        (_single, _several) = ([.. single], [.. several]);
        _rows = [.. _single.Select(s => (s.Part.Blocks.Take(Blocks(s.Part)).ToArray(), s.Part.Length))];
    }

    /// <inheritdoc/>
    public Tensor Attend(int layer, Tensor q, Tensor k, Tensor v)
    {
        _cache.Write(layer, _places, k, v);
        if (_several.Length == 0) return Single(layer, q);
        Tensor result = empty_like(q);
        foreach (((SequencePart part, int at), int index) in _several.Select((p, i) => (p, i)))
        {
            using var scope = NewDisposeScope();
            int count = part.Tokens.Length;
            Tensor mixed = Several(layer, part, index, q.narrow(0, at, count), k.narrow(0, at, count), v.narrow(0, at, count));
            result.narrow(0, at, count).copy_(mixed);
        }
        if (_single.Length > 0)
        {
            Tensor rows = tensor(_single.Select(s => (long)s.At).ToArray(), device: q.device);
            Tensor mixed = Single(layer, q.index_select(0, rows));
            result.index_copy_(0, rows, mixed.view(_single.Length, q.shape[1], q.shape[2]));
        }
        return result.view(q.shape[0], -1);
    }

    /// <summary>Of the parts of one token. [rows, heads, head_dim] to [rows, heads * head_dim]</summary>
    private Tensor Single(int layer, Tensor q) => q.device_type == DeviceType.CPU ? OnCpu(layer, q) : Fused(layer, q);

    /// <summary>Of one part of several tokens. [tokens, heads, head_dim] to the same</summary>
    private Tensor Several(int layer, SequencePart part, int index, Tensor q, Tensor k, Tensor v)
    {
        static Tensor ByHead(Tensor x) => x.transpose(0, 1).unsqueeze(0);
        (Tensor keys, Tensor values) = part.Start == 0
            ? (ByHead(k), ByHead(v))
            : _cache.Gather(layer, Table(index, part.Blocks, Blocks(part)), 1, part.Length);
        int window = Math.Min(_config.WindowOf(layer) ?? part.Length, part.Length);
        bool causal = part.Start == 0 && window == part.Length;
        Tensor mixed = SharedAttention.Attend(
            ByHead(q), keys, values, causal ? null : Mask(index, part, window, q.device), causal, _config);
        return mixed.squeeze(0).transpose(0, 1);
    }

    internal Tensor Fused(int layer, Tensor q)
    {
        int rows = _single.Length, columns = _single.Max(s => s.Part.Length), blocks = _single.Max(s => Blocks(s.Part));
        Tensor table = Table(-1, [.. _single.SelectMany(s =>
            Enumerable.Range(0, blocks).Select(b => b < Blocks(s.Part) ? s.Part.Blocks[b] : 0))], rows * blocks);
        (Tensor keys, Tensor values) = _cache.Gather(layer, table, rows, columns);
        Tensor mixed = SharedAttention.Attend(
            q.view(rows, keys.shape[1], -1, keys.shape[3]), keys, values,
            SingleMask(Math.Min(_config.WindowOf(layer) ?? columns, columns), columns, q.device), causal: false, _config);
        return mixed.reshape(rows, -1);
    }

    internal unsafe Tensor OnCpu(int layer, Tensor q)
    {
        (Tensor keys, Tensor values) = _cache.Layer(layer);
        Tensor queries = q.to(ScalarType.Float32).contiguous(), result = empty_like(queries);
        var kernel = new BlockKernel
        {
            Queries = (float*)TensorMemory.Address(queries),
            Keys = TensorMemory.Address(keys),
            Values = TensorMemory.Address(values),
            IsBfloat16 = keys.dtype == ScalarType.BFloat16,
            Result = (float*)TensorMemory.Address(result),
            KvHeads = (int)keys.shape[1],
            Group = (int)(q.shape[1] / keys.shape[1]),
            Dim = (int)keys.shape[3],
            Rows = _rows,
            Window = _config.WindowOf(layer) ?? int.MaxValue,
            Scale = 1 / MathF.Sqrt((float)(_config.QueryScalar ?? _config.HeadDim)),
            Cap = (float)(_config.AttentionCap ?? 0),
        };
        kernel.Attend(_spread);
        return result.view(q.shape[0], -1).to(q.dtype);
    }

    private static int Blocks(SequencePart part) => (part.Length + BlockCache.BlockTokens - 1) / BlockCache.BlockTokens;

    private Tensor Table(int index, IReadOnlyList<int> blocks, int count) => _tables.TryGetValue(index, out Tensor? table)
        ? table
        : _tables[index] = Kept(() => tensor(blocks.Take(count).Select(b => (long)b).ToArray(), device: _places.device));

    private Tensor? Mask(int index, SequencePart part, int window, Device device)
    {
        if (_masks.TryGetValue((index, window), out Tensor? mask)) return mask;
        long[] ends = [.. Enumerable.Range(part.Start + 1, part.Tokens.Length).Select(e => (long)e)];
        long[] firsts = [.. ends.Select(e => Math.Max(0, e - window))];
        return _masks[(index, window)] =
            Kept(() => VisibleKeys.Mask(tensor(firsts, device: device), tensor(ends, device: device), part.Length));
    }

    /// <summary>[rows, 1, 1, columns]; null where every row sees all columns.</summary>
    private Tensor? SingleMask(int window, int columns, Device device)
    {
        if (_masks.TryGetValue((-1, window), out Tensor? mask)) return mask;
        if (window == columns && _single.All(s => s.Part.Length == columns)) return _masks[(-1, window)] = null;
        long[] shape = [_single.Length, 1, 1];
        long[] firsts = [.. _single.Select(s => (long)Math.Max(0, s.Part.Length - window))];
        long[] ends = [.. _single.Select(s => (long)s.Part.Length)];
        return _masks[(-1, window)] =
            Kept(() => VisibleKeys.Mask(tensor(firsts, shape, device: device), tensor(ends, shape, device: device), columns));
    }

    /// <summary>What all layers of the pass read: it goes when the pass goes.</summary>
    private Tensor Kept(Func<Tensor> make)
    {
        // A scope of its own, because a tensor that is moved to the scope in which it lies is lost to both.
        using var scope = NewDisposeScope();
        return make().MoveToOtherDisposeScope(_places);
    }
}
