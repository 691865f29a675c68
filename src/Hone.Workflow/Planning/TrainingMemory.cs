using Hone.Data;
using Hone.Models;
using Hone.Runs.Recipes;
using TorchSharp;
using static TorchSharp.torch;

namespace Hone.Workflow;

/// <summary>
/// Bytes that training a model takes at its peak, by part. Computed from the shape alone, by what each layer keeps for its
/// backward pass; bench/Training measures how near that comes.
/// </summary>
/// <param name="Weights">All weights as they are held, and copies in the number format of computing.</param>
/// <param name="Gradients">Of what is trained.</param>
/// <param name="Optimizer">AdamW's two moments.</param>
/// <param name="Activations">What is kept of a pass for its backward pass.</param>
/// <param name="Heap">Holes of the heap between tensors of different sizes.</param>
/// <param name="Head">Buffers and gradients of the vocabulary's head.</param>
/// <param name="Runtime">The process itself: .NET, libtorch and its pools.</param>
internal sealed record TrainingMemory(long Weights, long Gradients, long Optimizer, long Activations, long Heap, long Head, long Runtime)
{
    private const long OfTheProcess = 250L << 20;

    public long Total => Weights + Gradients + Optimizer + Activations + Heap + Head + Runtime;

    /// <summary>
    /// The options with <c>checkpoint_activations: auto</c> settled: by layer where all kept would not fit into the memory.
    /// </summary>
    public static TrainOptions Settle(TrainOptions options, TransformerConfig config, Recipe recipe, DeviceType device, long memory)
    {
        if (options.CheckpointActivations != ActivationCheckpoints.Auto) return options;
        TrainOptions none = options with { CheckpointActivations = ActivationCheckpoints.None };
        AdapterOptions? adapter = recipe.Adapter.Rank > 0 ? recipe.Adapter : null;
        long tokens = Math.Max(options.MicroBatchTokens, options.MaxLength);
        return Of(config, adapter, none, recipe.Precision, device, tokens).Total <= memory ? none
            : options with { CheckpointActivations = ActivationCheckpoints.Block };
    }

    /// <param name="config">The model that is trained.</param>
    /// <param name="adapter">The adapter in place of all weights; null for none.</param>
    /// <param name="options">The stage's settings.</param>
    /// <param name="precision">The number format of computing.</param>
    /// <param name="device">That it is trained on.</param>
    /// <param name="tokens">Tokens in the largest pass.</param>
    public static TrainingMemory Of(TransformerConfig config, AdapterOptions? adapter, TrainOptions options, Precision precision,
        DeviceType device, long tokens)
    {
        long number = precision == Precision.Bf16 ? 2 : 4, product = BytesOfProducts(precision, device);
        long parameters = ModelMemory.Parameters(config);
        (string Name, long Rows, long Columns)[] matrices = [.. LoraAdapter.Targets(config, [LoraOptions.AllLinear])];
        long layerMatrices = matrices.Sum(m => m.Rows * m.Columns), largest = matrices.Max(m => m.Rows * m.Columns);
        bool checkpoint = options.CheckpointActivations == ActivationCheckpoints.Block;
        long trained = parameters, weights;
        if (adapter is null)
        {
            // Masters in fp32; a pass whose products are of bf16 keeps a copy of each weight that it has used.
            long copied = checkpoint ? (parameters - layerMatrices) + (layerMatrices / config.LayerCount) : parameters;
            weights = (4 * parameters) + (product == 2 ? 2 * copied : 0);
        }
        else
        {
            trained = LoraAdapter.Targets(config, adapter.Targets).Sum(m => adapter.Rank * (m.Rows + m.Columns));
            double perValue = adapter.Frozen switch
            {
                FrozenFormat.Int8 => 1 + (4.0 / 64),
                FrozenFormat.Nf4 => 0.5 + (4.0 / 64),
                _ => number,
            };
            // A matrix that is stored otherwise than it is multiplied lives in full while it is used.
            bool widened = adapter.Frozen != FrozenFormat.Compute || product != number;
            weights = (long)(layerMatrices * perValue) + ((parameters - layerMatrices) * number) + (4 * trained)
                + (widened ? largest * product : 0);
        }
        double state = options.OptimizerState switch { OptimizerState.Int8 => 2 * (1 + (4.0 / 256)), OptimizerState.Bf16 => 4, _ => 8 };
        long kept = Kept(config, adapter, number, product, checkpoint) * tokens;
        return new TrainingMemory(weights, 4 * trained, (long)(trained * state), kept, kept / 10,
            HeadBytes(config, adapter is null, number, product, tokens), OfTheProcess);
    }

    /// <summary>Bytes of a number as it is multiplied.</summary>
    private static long BytesOfProducts(Precision precision, DeviceType device) =>
        precision == Precision.Bf16 && Products.TypeOf(ScalarType.BFloat16, device) == ScalarType.BFloat16 ? 2 : 4;

    /// <summary>Bytes that a token's way through all layers leaves for the backward pass.</summary>
    private static long Kept(TransformerConfig c, AdapterOptions? adapter, long number, long product, bool checkpoint)
    {
        long hidden = c.HiddenSize, heads = (long)c.HeadCount * c.HeadDim;
        long inner = c.Experts is { } experts ? (long)experts.Used * experts.IntermediateSize : c.IntermediateSize;
        // What goes into both norms and what comes out of them, the mixture in the order of the tokens; gate, up and their product;
        // and what attention multiplies: queries, keys, values and their mixture, where each query has keys of its own.
        long layer = (number * ((4 * hidden) + heads + (3 * inner))) + (product * 4 * heads);
        if (adapter is { Dropout: > 0 }) layer += number * ((5 * hidden) + heads + inner);
        return checkpoint ? (c.LayerCount * hidden * number) + layer : c.LayerCount * layer;
    }

    private static long HeadBytes(TransformerConfig c, bool trained, long number, long product, long tokens)
    {
        if (c.IsRewardModel) return 0;
        long rows = Math.Min(tokens, HeadChunks.RowsFor(c.VocabularySize));
        long buffers = rows * c.VocabularySize * (product == 4 ? 4 : 6), grads = 2 * tokens * c.HiddenSize * number;
        return buffers + grads + (trained ? (long)c.VocabularySize * c.HiddenSize * (product == 4 ? 4 : 8) : 0);
    }
}
