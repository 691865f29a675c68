using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>
/// Keys and values of every layer in blocks of <see cref="BlockTokens"/> tokens. Which sequence owns which block, and who shares
/// one, is the caller's affair. Buffers are [blocks, kv_heads, block tokens, head_dim] per layer.
/// </summary>
internal sealed class BlockCache(Transformer model) : IDisposable
{
    public const int BlockTokens = 32;

    private readonly Tensor?[] _keys = new Tensor?[model.Config.LayerCount];
    private readonly Tensor?[] _values = new Tensor?[model.Config.LayerCount];

    /// <summary>Bytes of one block, all layers together.</summary>
    public long BlockBytes => BlockTokens * ModelMemory.CachePerToken(model.Config, model.ComputeType);

    /// <summary>Blocks there are.</summary>
    public int Count { get; private set; }

    /// <summary>Makes the blocks 0 to <paramref name="count"/> - 1 usable; what they hold already stays.</summary>
    public void Reserve(int count)
    {
        if (count <= Count) return;
        foreach (Tensor?[] buffers in (Tensor?[][])[_keys, _values])
        {
            for (int layer = 0; layer < buffers.Length; layer++)
            {
                using var scope = NewDisposeScope();
                Tensor larger = Buffer(count);
                if (buffers[layer] is { } old)
                {
                    larger.narrow(0, 0, Count).copy_(old);
                    old.Dispose();
                }
                buffers[layer] = larger.DetachFromDisposeScope();
            }
        }
        Count = count;
    }

    /// <summary>Copies blocks' keys and values of all layers. No block is written twice, or read after it was written.</summary>
    public void Copy(IReadOnlyList<(int From, int To)> blocks)
    {
        using var ungraded = no_grad();
        using var scope = NewDisposeScope();
        Tensor from = tensor(blocks.Select(b => (long)b.From).ToArray(), device: model.Device);
        Tensor to = tensor(blocks.Select(b => (long)b.To).ToArray(), device: model.Device);
        foreach (Tensor? buffer in _keys.Concat(_values))
        {
            using Tensor read = buffer!.index_select(0, from);
            buffer.index_copy_(0, to, read);
        }
    }

    /// <summary>A layer's whole buffers. [blocks, kv_heads, block tokens, head_dim]</summary>
    public (Tensor Keys, Tensor Values) Layer(int layer) => (_keys[layer]!, _values[layer]!);

    /// <summary>Where the keys of a pass's tokens lie among a buffer's vectors of [head_dim]. [time * kv_heads]</summary>
    public Tensor Places(IReadOnlyList<SequencePart> parts)
    {
        int heads = model.Config.KeyValueHeadCount, at = 0;
        long[] places = new long[parts.Sum(p => p.Tokens.Length) * heads];
        foreach (SequencePart part in parts)
        {
            for (int position = part.Start; position < part.Length; position++)
            {
                long first = (((long)part.Blocks[position / BlockTokens] * heads) * BlockTokens) + (position % BlockTokens);
                for (int head = 0; head < heads; head++) places[at++] = first + ((long)head * BlockTokens);
            }
        }
        return tensor(places, device: model.Device);
    }

    /// <summary>Writes a layer's keys and values [time, kv_heads, head_dim] to their places.</summary>
    public void Write(int layer, Tensor places, Tensor keys, Tensor values)
    {
        int dim = model.Config.HeadDim;
        _keys[layer]!.view(-1, dim).index_copy_(0, places, keys.reshape(-1, dim));
        _values[layer]!.view(-1, dim).index_copy_(0, places, values.reshape(-1, dim));
    }

    /// <summary>
    /// Keys and values of sequences one beside the other, for kernels that know no blocks: [rows, kv_heads, columns, head_dim].
    /// </summary>
    /// <param name="tables">Block ids, those of a row side by side. [rows * blocks] int64</param>
    public (Tensor Keys, Tensor Values) Gather(int layer, Tensor tables, int rows, int columns)
    {
        Tensor Put(Tensor buffer)
        {
            long heads = buffer.shape[1], dim = buffer.shape[3];
            return buffer.index_select(0, tables).view(rows, -1, heads, BlockTokens, dim).permute(0, 2, 1, 3, 4)
                .reshape(rows, heads, -1, dim).narrow(2, 0, columns);
        }
        return (Put(_keys[layer]!), Put(_values[layer]!));
    }

    public void Dispose()
    {
        foreach (Tensor? buffer in _keys.Concat(_values)) buffer?.Dispose();
    }

    // On the CPU not zeros: pages that nobody writes take no memory then. Elsewhere unused columns are read, and 0 times NaN is NaN.
    private Tensor Buffer(int blocks)
    {
        long[] shape = [blocks, model.Config.KeyValueHeadCount, BlockTokens, model.Config.HeadDim];
        return model.Device.type == TorchSharp.DeviceType.CPU
            ? empty(shape, dtype: model.ComputeType)
            : zeros(shape, dtype: model.ComputeType, device: model.Device);
    }
}
