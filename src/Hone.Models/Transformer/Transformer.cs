using Hone.Data;
using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>
/// A decoder-only transformer of any family that <see cref="TransformerConfig"/> can state. Weights carry their Hugging
/// Face names. The model computes in <see cref="ComputeType"/>; weights of another type (fp32 master weights) are cast
/// where they are used, so their gradients arrive in their own type.
/// </summary>
public sealed class Transformer : IDisposable
{
    private readonly RotaryTable[] _rotary;
    // Which table each layer rotates by; -1 where it does not rotate. [layers]
    private readonly int[] _rotaryOf;
    private readonly Block[] _blocks;
    private readonly RmsNorm _finalNorm;

    /// <summary>Takes ownership of weights and adapter; all must lie on one device.</summary>
    /// <param name="adapter">What is trained in place of the weights; null trains these.</param>
    public Transformer(
        TransformerConfig config, IReadOnlyDictionary<string, Tensor> weights, ScalarType computeType, LoraAdapter? adapter = null)
    {
        Config = config;
        Weights = weights;
        Adapter = adapter;
        ComputeType = computeType;
        foreach (Tensor weight in weights.Values) weight.DetachFromDisposeScope();
        Device = Embedding.device;
        Rope?[] ropes = [.. Enumerable.Range(0, config.LayerCount).Select(config.RopeOf)];
        Rope[] distinct = [.. ropes.OfType<Rope>().Distinct()];
        _rotary = [.. distinct.Select(rope => new RotaryTable(rope, config, computeType, Device))];
        _rotaryOf = [.. ropes.Select(rope => rope is null ? -1 : Array.IndexOf(distinct, rope))];
        _blocks = [.. Enumerable.Range(0, config.LayerCount).Select(layer => new Block(config, weights, adapter, layer))];
        _finalNorm = RmsNorm.Of(weights, WeightNames.FinalNorm, config)!;
    }

    public TransformerConfig Config { get; }

    /// <summary>Weights by Hugging Face name. One tensor stands for tied embeddings.</summary>
    public IReadOnlyDictionary<string, Tensor> Weights { get; }

    /// <summary>Null for a model without one.</summary>
    public LoraAdapter? Adapter { get; }

    /// <summary>What a trainer changes and an optimiser holds state for, by name.</summary>
    public IReadOnlyDictionary<string, Tensor> Trainable => Adapter is null
        ? Weights
        : Adapter.Modules.Select(name => KeyValuePair.Create(name, Weights[name])).Concat(Adapter.Tensors).ToDictionary();

    public ScalarType ComputeType { get; }

    /// <summary>
    /// Keeps only what goes into each layer for the backward pass, which computes the layer again: a third more work for a
    /// fraction of the memory (Chen et al. 2016, arXiv 1604.06174).
    /// </summary>
    public bool CheckpointBlocks { get; set; }

    /// <summary>
    /// While a training pass runs: told of each layer, from the last, once the backward pass has the gradients of its weights.
    /// </summary>
    internal Action<int>? LayerDone { get; set; }

    public Device Device { get; }

    /// <summary>Token embeddings. [vocab, hidden]</summary>
    public Tensor Embedding => Weights[WeightNames.Embedding];

    /// <summary>Language-model head. [vocab, hidden]</summary>
    public Tensor Head => Config.TieEmbeddings ? Embedding : Weights[WeightNames.LanguageModelHead];

    /// <summary>
    /// Final hidden states after the last norm for every token of the forest. [time, hidden], in <see cref="ComputeType"/>.
    /// </summary>
    /// <exception cref="InputException">A path is longer than the model's context.</exception>
    public Tensor Hidden(TokenForest forest)
    {
        // It stays in the caller's scope, which the backward pass is in: there layers may be computed again.
        ForestLayout layout = ForestLayout.Create(forest, Device);
        if (layout.Positions.Longest > Config.ContextLimit)
            throw new InputException(
                $"A sequence of {layout.Positions.Longest} tokens is longer than the model's context of {Config.MaxPositions}.",
                fix: "Lower the lengths in the recipe, or use a model with a longer context.");
        Rotation[] rotations = Rotations(layout.Positions);
        using var scope = NewDisposeScope();
        return Forward(layout.Tokens, rotations, new ForestAttention(layout, Config)).MoveToOuterDisposeScope();
    }

    /// <summary>Full logits in fp32, for checks and small inputs only: losses go through <see cref="LogProbHead"/>. [rows, vocab]</summary>
    public Tensor Logits(Tensor hidden)
    {
        Tensor logits = Projection.Of(Head).Apply(hidden).to(ScalarType.Float32);
        return Config.LogitCap is { } cap ? logits.SoftCap(cap) : logits;
    }

    /// <summary>Scalar scores of a reward model at the given hidden states, in fp32. [rows, hidden] to [rows]</summary>
    public Tensor Scores(Tensor hidden) =>
        Projection.Of(Weights[WeightNames.RewardHead]).Apply(hidden.to(ScalarType.Float32)).squeeze(-1);

    public void Dispose()
    {
        foreach (RotaryTable table in _rotary) table.Dispose();
        foreach (Tensor weight in Weights.Values) weight.Dispose();
        Adapter?.Dispose();
    }

    /// <summary>Hidden states after the last norm; attention says what each token sees. tokens [time] int64, to [time, hidden]</summary>
    /// <remarks>No more than one layer's temporaries live at a time, but for what the backward pass needs.</remarks>
    internal Tensor Forward(Tensor tokens, PassPositions positions, IAttention attention) =>
        Forward(tokens, Rotations(positions), attention);

    private Tensor Forward(Tensor tokens, Rotation[] rotations, IAttention attention)
    {
        Tensor x = Embed(tokens);
        bool checkpoint = CheckpointBlocks && is_grad_enabled();
        // A layer whose input needs no gradient would not be asked for those of its own weights.
        if (checkpoint && !x.requires_grad) x.requires_grad_(true);
        for (int layer = 0; layer < _blocks.Length; layer++)
        {
            Block block = _blocks[layer];
            if (LayerDone is { } done && x.requires_grad)
            {
                int finished = layer;
                Tensor told = BackwardSignal.Apply(x, () => done(finished));
                x.Dispose();
                x = told;
            }
            Rotation? rotation = _rotaryOf[layer] is >= 0 and var table ? rotations[table] : null;
            Tensor next = checkpoint ? Checkpoint.Apply(x, h => block.Forward(h, rotation, attention))
                : block.Forward(x, rotation, attention);
            x.Dispose();
            x = next;
        }
        return _finalNorm.Apply(x);
    }

    private Rotation[] Rotations(PassPositions positions) => [.. _rotary.Select(table => table.Rows(positions))];

    private Tensor Embed(Tensor tokens)
    {
        Tensor x = Embedding.index_select(0, tokens).As(ComputeType);
        if (!Config.ScaleEmbeddings) return x;
        // The factor is rounded to the type that is computed in, as transformers does.
        using Tensor factor = tensor((float)Math.Sqrt(Config.HiddenSize), dtype: ComputeType, device: Device);
        return x * factor;
    }
}
