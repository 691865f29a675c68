using System.Numerics;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Hone.Models;

/// <summary>
/// The incremental forward pass of a <see cref="Llama"/>: prompts once, then one token per row and step, attending to the
/// <see cref="KeyValueCache"/>. Runs without gradients; results equal those of <see cref="Llama.Hidden"/> to rounding.
/// </summary>
/// <remarks>
/// no_grad, not inference mode: the model's rotary tables may grow in here, and training could not use inference tensors.
/// </remarks>
public sealed class LlamaDecoder(Llama model)
{
    public Llama Model { get; } = model;

    private LlamaConfig Config => Model.Config;

    /// <summary>
    /// Prepares for rows of up to <paramref name="columns"/> cache columns. After it, different threads may run different
    /// batches at the same time.
    /// </summary>
    public void Reserve(int columns)
    {
        using var scope = NewDisposeScope();
        Rotation(zeros(1, dtype: ScalarType.Int64, device: Model.Device), columns);
    }

    /// <summary>Runs prompts of equal length.</summary>
    /// <exception cref="ArgumentException">There is no prompt, one is empty, or their lengths differ.</exception>
    public PromptPass Prefill(IReadOnlyList<int[]> prompts)
    {
        if (prompts.Count == 0 || prompts[0].Length == 0 || prompts.Any(p => p.Length != prompts[0].Length))
            throw new ArgumentException("Prompts must be of one length, at least 1.", nameof(prompts));
        using var ungraded = no_grad();
        using var scope = NewDisposeScope();
        (long count, long length) = (prompts.Count, prompts[0].Length);
        Tensor tokens = tensor(prompts.SelectMany(p => p).Select(t => (long)t).ToArray(), device: Model.Device);
        (Tensor cos, Tensor sin) = Rotation(tensor(Enumerable.Range(0, prompts.Count * (int)length).Select(i => i % length).ToArray(), device: Model.Device), (int)length);
        Tensor[] keys = new Tensor[Config.LayerCount], values = new Tensor[Config.LayerCount];
        Tensor x = Embed(tokens);
        for (int i = 0; i < Config.LayerCount; i++)
        {
            LayerWeights layer = Model.Layers[i];
            (Tensor q, Tensor k, Tensor v) = Project(layer, x, cos, sin);
            Tensor ByHead(Tensor t) => t.view(count, length, t.shape[1], t.shape[2]).transpose(1, 2);
            (keys[i], values[i]) = (ByHead(k), ByHead(v));
            int groups = Config.HeadCount / Config.KeyValueHeadCount;
            Tensor mixed = scaled_dot_product_attention(ByHead(q), LlamaOps.RepeatHeads(keys[i], groups), LlamaOps.RepeatHeads(values[i], groups), is_casual: true);
            x = Finish(layer, x, mixed.transpose(1, 2).reshape(count * length, -1));
        }
        Tensor last = x.view(count, length, -1).select(1, length - 1);
        return new PromptPass(Logits(last).MoveToOuterDisposeScope(),
            [.. keys.Select(k => k.MoveToOuterDisposeScope())], [.. values.Select(v => v.MoveToOuterDisposeScope())]);
    }

    /// <summary>Feeds one more token to every row and returns the fp32 logits after it. [rows] to [rows, vocab]</summary>
    /// <exception cref="ArgumentException">There is not one token per row.</exception>
    public Tensor Step(ReadOnlySpan<int> tokens, KeyValueCache cache)
    {
        if (tokens.Length != cache.Rows) throw new ArgumentException($"{tokens.Length} tokens for {cache.Rows} rows.", nameof(tokens));
        using var ungraded = no_grad();
        using var scope = NewDisposeScope();
        cache.Extend();
        long[] ids = new long[tokens.Length], positions = new long[tokens.Length];
        for (int row = 0; row < ids.Length; row++)
        {
            // Only a row that has finished and still waits in the batch can be past the model's limit.
            (ids[row], positions[row]) = (tokens[row], Math.Min(Config.MaxPositions, cache.Columns - cache.Gaps[row]) - 1);
        }
        (Tensor cos, Tensor sin) = Rotation(tensor(positions, device: Model.Device), cache.Columns);
        Tensor x = Embed(tensor(ids, device: Model.Device));
        for (int i = 0; i < Config.LayerCount; i++)
        {
            LayerWeights layer = Model.Layers[i];
            (Tensor q, Tensor k, Tensor v) = Project(layer, x, cos, sin);
            cache.Write(i, k, v);
            x = Finish(layer, x, DecodeAttention.Attend(q, cache, i));
        }
        return Logits(x).MoveToOuterDisposeScope();
    }

    private Tensor Embed(Tensor tokens)
    {
        Tensor x = Model.Embedding.index_select(0, tokens);
        return x.dtype == Model.ComputeType ? x : x.to(Model.ComputeType);
    }

    // The table is asked for in powers of two, so that it does not grow at every step.
    private (Tensor Cos, Tensor Sin) Rotation(Tensor positions, int columns)
    {
        int rows = (int)Math.Min(Config.MaxPositions, BitOperations.RoundUpToPowerOf2((uint)columns));
        (Tensor cos, Tensor sin) = Model.Rotary.Rows(positions, rows);
        return Model.ComputeType == ScalarType.Float32 ? (cos, sin) : (cos.to(Model.ComputeType), sin.to(Model.ComputeType));
    }

    private (Tensor Q, Tensor K, Tensor V) Project(LayerWeights layer, Tensor x, Tensor cos, Tensor sin)
    {
        Tensor normed = LlamaOps.RmsNorm(x, layer.InputNorm, Config.NormEpsilon);
        Tensor Heads(Tensor weight, Tensor? bias, int heads) => LlamaOps.Linear(normed, weight, bias).view(-1, heads, Config.HeadDim);
        return (
            LlamaOps.Rotate(Heads(layer.Query, layer.QueryBias, Config.HeadCount), cos, sin),
            LlamaOps.Rotate(Heads(layer.Key, layer.KeyBias, Config.KeyValueHeadCount), cos, sin),
            Heads(layer.Value, layer.ValueBias, Config.KeyValueHeadCount));
    }

    private Tensor Finish(LayerWeights layer, Tensor x, Tensor mixed)
    {
        x = x.Plus(LlamaOps.Linear(mixed, layer.Output, layer.OutputBias));
        return x.AddInPlace(Llama.Mlp(layer, LlamaOps.RmsNorm(x, layer.PostAttentionNorm, Config.NormEpsilon)));
    }

    private Tensor Logits(Tensor x) => Model.Logits(LlamaOps.RmsNorm(x, Model.FinalNorm, Config.NormEpsilon));
}
