using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>
/// Causal attention of <paramref name="count"/> sequences of equal length, laid one after the other. Keeps their keys and values.
/// </summary>
internal sealed class PromptAttention(TransformerConfig config, long count, long length) : IAttention
{
    private readonly Dictionary<int, Tensor> _masks = [];

    /// <summary>Each layer's keys [count, kv_heads, length, head_dim]; the caller's to dispose of.</summary>
    public Tensor[] Keys { get; } = new Tensor[config.LayerCount];

    /// <inheritdoc cref="Keys"/>
    public Tensor[] Values { get; } = new Tensor[config.LayerCount];

    /// <inheritdoc/>
    public Tensor Attend(int layer, Tensor q, Tensor k, Tensor v)
    {
        (Tensor keys, Tensor values) = (ByHead(k), ByHead(v));
        (Keys[layer], Values[layer]) = (keys.DetachFromDisposeScope(), values.DetachFromDisposeScope());
        Tensor? mask = config.WindowOf(layer) is { } window && window < length ? Mask(window, q.device) : null;
        Tensor mixed = SharedAttention.Attend(ByHead(q), keys, values, mask, causal: mask is null, config);
        return mixed.transpose(1, 2).reshape(count * length, -1);
    }

    /// <summary>Frees what the layers shared.</summary>
    public void Release()
    {
        foreach (Tensor mask in _masks.Values) mask.Dispose();
        _masks.Clear();
    }

    private Tensor Mask(int window, Device device) => _masks.TryGetValue(window, out Tensor? mask)
        ? mask
        : _masks[window] = VisibleKeys.Mask(length, window, device).DetachFromDisposeScope();

    private Tensor ByHead(Tensor x) => x.view(count, length, x.shape[1], x.shape[2]).transpose(1, 2);
}
