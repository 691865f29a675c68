namespace Hone.Models.Tests;

/// <summary>A random model small enough for exact comparisons, with every shape feature switched on.</summary>
internal static class TinyLlama
{
    public static LlamaConfig Config => new()
    {
        VocabularySize = 37,
        HiddenSize = 24,
        IntermediateSize = 40,
        LayerCount = 2,
        HeadCount = 4,
        KeyValueHeadCount = 2,
        HeadDim = 8,
        MaxPositions = 128,
        NormEpsilon = 1e-5,
        RopeTheta = 10000,
        TieEmbeddings = false,
        AttentionBias = true,
        MlpBias = true,
    };

    // A deviation far above training's: attention must be sharp enough for a wrong mask to show.
    public static Llama Create(LlamaConfig? config = null, ulong seed = 7)
    {
        LlamaConfig c = config ?? Config;
        return new Llama(c, LlamaInit.Random(c, seed, deviation: 0.3), TorchSharp.torch.ScalarType.Float32);
    }
}
