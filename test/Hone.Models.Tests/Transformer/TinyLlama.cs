namespace Hone.Models.Tests;

/// <summary>A random model small enough for exact comparisons, with every shape feature switched on.</summary>
internal static class TinyLlama
{
    public static TransformerConfig Config => new()
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
        Rope = new Rope { Theta = 10000 },
        TieEmbeddings = false,
        QueryKeyValueBias = true,
        AttentionOutputBias = true,
        MlpBias = true,
    };

    // A deviation far above training's: attention must be sharp enough for a wrong mask to show.
    public static Transformer Create(TransformerConfig? config = null, ulong seed = 7)
    {
        TransformerConfig c = config ?? Config;
        return new Transformer(c, RandomWeights.Create(c, seed, deviation: 0.3), TorchSharp.torch.ScalarType.Float32);
    }
}
