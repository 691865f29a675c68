using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>
/// One decoder layer, and the only place that holds its formula: x + attention, then x + feed-forward, with norms before,
/// after or both. Training, scoring, prompts and single tokens differ in their <see cref="IAttention"/> alone.
/// </summary>
internal sealed class Block
{
    private readonly TransformerConfig _config;
    private readonly int _layer;
    private readonly RmsNorm? _attentionIn, _attentionOut, _mlpIn, _mlpOut, _queryNorm, _keyNorm;
    private readonly Projection[] _queryKeyValue;
    private readonly Projection _output;
    private readonly Func<Tensor, Tensor> _mlp;

    /// <param name="weights">All weights of the model, by their Hugging Face names.</param>
    public Block(TransformerConfig config, IReadOnlyDictionary<string, Tensor> weights, LoraAdapter? adapter, int layer)
    {
        (_config, _layer) = (config, layer);
        string prefix = WeightNames.Layer(layer), attention = prefix + "self_attn.", mlp = prefix + "mlp.";
        RmsNorm? Norm(string? name) => name is null ? null : RmsNorm.Of(weights, prefix + name, config);
        NormNames names = NormNames.Of(config.NormPlacement);
        (_attentionIn, _attentionOut) = (Norm(names.AttentionIn), Norm(names.AttentionOut));
        (_mlpIn, _mlpOut) = (Norm(names.MlpIn), Norm(names.MlpOut));
        (_queryNorm, _keyNorm) = (Norm("self_attn.q_norm"), Norm("self_attn.k_norm"));
        string[] projections = config.FusedProjections ? ["qkv_proj"] : ["q_proj", "k_proj", "v_proj"];
        _queryKeyValue = [.. projections.Select(name => Projection.Of(weights, attention + name, adapter))];
        _output = Projection.Of(weights, attention + "o_proj", adapter);
        _mlp = config.Experts is null
            ? new GatedMlp(weights, adapter, mlp, config).Apply
            : new ExpertMlp(weights, adapter, mlp, config).Apply;
    }

    /// <summary>[time, hidden] to [time, hidden]. <paramref name="rotation"/> is null where this layer does not rotate.</summary>
    /// <remarks>
    /// What a half of the layer allocates is gone when the half ends, and attention begins with its own inputs alone, unless the
    /// backward pass needs the rest: a long pass is as large as its largest moment.
    /// </remarks>
    public Tensor Forward(Tensor x, Rotation? rotation, IAttention attention)
    {
        using var scope = NewDisposeScope();
        Tensor attended = Add(x, h => Attend(h, rotation, attention), _attentionOut);
        return Add(attended, h => _mlp(Normed(h, _mlpIn)), _mlpOut).MoveToOuterDisposeScope();
    }

    private static Tensor Add(Tensor x, Func<Tensor, Tensor> function, RmsNorm? after)
    {
        using var scope = NewDisposeScope();
        return Normed(function(x), after).AddInPlace(x).MoveToOuterDisposeScope();
    }

    private static Tensor Normed(Tensor x, RmsNorm? norm) => norm is null ? x : norm.Apply(x);

    private Tensor Attend(Tensor x, Rotation? rotation, IAttention attention)
    {
        (Tensor q, Tensor k, Tensor v) = QueryKeyValue(x, rotation);
        return _output.Apply(attention.Attend(_layer, q, k, v));
    }

    /// <summary>What attention reads. [time, hidden] to [time, heads, head_dim] each; nothing else that was made lives on.</summary>
    private (Tensor Q, Tensor K, Tensor V) QueryKeyValue(Tensor x, Rotation? rotation)
    {
        using var scope = NewDisposeScope();
        (Tensor q, Tensor k, Tensor v) = Project(Normed(x, _attentionIn));
        if (_config.QueryKeyNorm == QueryKeyNorm.WholeProjection) (q, k) = (_queryNorm!.Apply(q), _keyNorm!.Apply(k));
        (q, k, v) = (Heads(q, _config.HeadCount), Heads(k, _config.KeyValueHeadCount), Heads(v, _config.KeyValueHeadCount));
        if (_config.QueryKeyNorm == QueryKeyNorm.PerHead) (q, k) = (_queryNorm!.Apply(q), _keyNorm!.Apply(k));
        if (rotation is not null) (q, k) = (rotation.Apply(q), rotation.Apply(k));
        return (q.MoveToOuterDisposeScope(), k.MoveToOuterDisposeScope(), v.MoveToOuterDisposeScope());
    }

    private (Tensor Q, Tensor K, Tensor V) Project(Tensor x)
    {
        Tensor[] parts = Projection.Apply(_queryKeyValue, x);
        if (parts.Length == 3) return (parts[0], parts[1], parts[2]);
        long queries = (long)_config.HeadCount * _config.HeadDim, keys = (long)_config.KeyValueHeadCount * _config.HeadDim;
        return (parts[0].narrow(-1, 0, queries), parts[0].narrow(-1, queries, keys), parts[0].narrow(-1, queries + keys, keys));
    }

    private Tensor Heads(Tensor x, int heads) => x.view(-1, heads, _config.HeadDim);
}
