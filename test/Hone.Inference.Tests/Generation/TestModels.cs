using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Inference.Tests;

internal static class TestModels
{
    /// <summary>A random model with uneven distributions, so that answers differ and end at different places.</summary>
    public static Transformer Random(ulong seed = 3, int maxPositions = 256)
    {
        LibTorch.Load();
        var config = new TransformerConfig
        {
            VocabularySize = 61,
            HiddenSize = 32,
            IntermediateSize = 48,
            LayerCount = 2,
            HeadCount = 4,
            KeyValueHeadCount = 2,
            HeadDim = 8,
            MaxPositions = maxPositions,
            TieEmbeddings = true,
        };
        return new Transformer(config, RandomWeights.Create(config, seed, deviation: 0.25), ScalarType.Float32);
    }

    /// <summary>A real model of <c>shared/data/models</c>.</summary>
    public static Transformer Shared(string name)
    {
        string folder = SharedData.Require("models/" + name);
        TransformerConfig config = ConfigFile.Load(folder);
        return new Transformer(config, WeightFolder.LoadWeights(folder, config, ScalarType.Float32, CPU), ScalarType.Float32);
    }
}
