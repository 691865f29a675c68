using Hone.Data;
using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>
/// A Llama-architecture transformer (arXiv 2302.13971, 2407.21783) over token forests: grouped-query attention, RoPE,
/// RMSNorm, SwiGLU. Weights carry their Hugging Face names. The model computes in <see cref="ComputeType"/>; weights
/// of another type (fp32 master weights) are cast where they are used, so their gradients arrive in their own type.
/// </summary>
public sealed class Llama : IDisposable
{
    private readonly RotaryTable _rotary;
    private readonly LayerWeights[] _layers;

    /// <summary>Takes ownership of <paramref name="weights"/>; all must lie on one device.</summary>
    public Llama(LlamaConfig config, IReadOnlyDictionary<string, Tensor> weights, ScalarType computeType)
    {
        Config = config;
        Weights = weights;
        ComputeType = computeType;
        foreach (Tensor weight in weights.Values) weight.DetachFromDisposeScope();
        Device = Embedding.device;
        _rotary = new RotaryTable(config, Device);
        _layers = [.. Enumerable.Range(0, config.LayerCount).Select(i => new LayerWeights(weights, i))];
    }

    public LlamaConfig Config { get; }

    /// <summary>Weights by Hugging Face name. One tensor stands for tied embeddings.</summary>
    public IReadOnlyDictionary<string, Tensor> Weights { get; }

    public ScalarType ComputeType { get; }

    public Device Device { get; }

    /// <summary>Token embeddings. [vocab, hidden]</summary>
    public Tensor Embedding => Weights["model.embed_tokens.weight"];

    /// <summary>Language-model head. [vocab, hidden]</summary>
    public Tensor Head => Config.TieEmbeddings ? Embedding : Weights["lm_head.weight"];

    internal IReadOnlyList<LayerWeights> Layers => _layers;

    internal Tensor FinalNorm => Weights["model.norm.weight"];

    internal RotaryTable Rotary => _rotary;

    /// <summary>Final hidden states after the last norm for every token of the forest. [time, hidden], in <see cref="ComputeType"/>.</summary>
    /// <exception cref="InputException">A path is longer than the model's context.</exception>
    public Tensor Hidden(TokenForest forest)
    {
        ForestLayout layout = ForestLayout.Create(forest, Device);
        if (layout.LongestPath > Config.MaxPositions && Config.RopeScaling is not { Type: "dynamic" })
            throw new InputException($"A sequence of {layout.LongestPath} tokens is longer than the model's context of {Config.MaxPositions}.",
                fix: "Lower the lengths in the recipe, or use a model with a longer context.");
        (Tensor cos, Tensor sin) = _rotary.Rows(layout.Positions, layout.LongestPath);
        if (ComputeType != ScalarType.Float32) (cos, sin) = (cos.to(ComputeType), sin.to(ComputeType));
        Tensor x = Embedding.index_select(0, layout.Tokens);
        if (x.dtype != ComputeType) x = x.to(ComputeType);
        foreach (LayerWeights layer in _layers)
        {
            x = x.Plus(Attention(layer, LlamaOps.RmsNorm(x, layer.InputNorm, Config.NormEpsilon), layout, cos, sin));
            x = x.Plus(Mlp(layer, LlamaOps.RmsNorm(x, layer.PostAttentionNorm, Config.NormEpsilon)));
        }
        return LlamaOps.RmsNorm(x, FinalNorm, Config.NormEpsilon);
    }

    /// <summary>Full logits in fp32, for checks and small inputs only: losses go through <see cref="LogProbHead"/>. [rows, vocab]</summary>
    public Tensor Logits(Tensor hidden) => LlamaOps.Linear(hidden, Head).to(ScalarType.Float32);

    /// <summary>Scalar scores of a reward model at the given hidden states, in fp32. [rows, hidden] to [rows]</summary>
    public Tensor Scores(Tensor hidden) =>
        LlamaOps.Linear(hidden.to(ScalarType.Float32), Weights["score.weight"]).squeeze(-1);

    public void Dispose()
    {
        _rotary.Dispose();
        foreach (Tensor weight in Weights.Values) weight.Dispose();
    }

    /// <summary>SwiGLU feed-forward: down(silu(gate(x)) * up(x)).</summary>
    internal static Tensor Mlp(LayerWeights layer, Tensor x)
    {
        Tensor gate = nn.functional.silu(LlamaOps.Linear(x, layer.Gate, layer.GateBias));
        return LlamaOps.Linear(gate * LlamaOps.Linear(x, layer.Up, layer.UpBias), layer.Down, layer.DownBias);
    }

    private Tensor Attention(LayerWeights layer, Tensor x, ForestLayout layout, Tensor cos, Tensor sin)
    {
        long time = x.shape[0];
        Tensor q = LlamaOps.Linear(x, layer.Query, layer.QueryBias).view(time, Config.HeadCount, Config.HeadDim);
        Tensor k = LlamaOps.Linear(x, layer.Key, layer.KeyBias).view(time, Config.KeyValueHeadCount, Config.HeadDim);
        Tensor v = LlamaOps.Linear(x, layer.Value, layer.ValueBias).view(time, Config.KeyValueHeadCount, Config.HeadDim);
        Tensor mixed = ForestAttention.Attend(LlamaOps.Rotate(q, cos, sin), LlamaOps.Rotate(k, cos, sin), v, layout);
        return LlamaOps.Linear(mixed, layer.Output, layer.OutputBias);
    }
}
