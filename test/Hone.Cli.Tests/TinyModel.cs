using Hone.Models;
using Hone.Workflow.World;
using static TorchSharp.torch;

namespace Hone.Cli.Tests;

/// <summary>A random model of some ten thousand weights with the small world's tokenizer and template.</summary>
internal static class TinyModel
{
    private static TransformerConfig Config => new()
    {
        VocabularySize = WorldTokenizer.VocabularySize,
        HiddenSize = 16,
        IntermediateSize = 24,
        LayerCount = 1,
        HeadCount = 2,
        KeyValueHeadCount = 1,
        HeadDim = 8,
        MaxPositions = 256,
        TieEmbeddings = true,
        BosId = WorldTokenizer.IdOf(WorldTokenizer.BeginOfText),
        EosIds = [WorldTokenizer.IdOf(WorldTokenizer.End)],
        PadId = WorldTokenizer.IdOf(WorldTokenizer.Pad),
    };

    /// <summary>Writes a language model and returns its folder.</summary>
    public static string Write(string folder, ulong seed = 1, long shardBytes = WeightWriter.DefaultShardBytes) =>
        Save(folder, Config, seed, shardBytes);

    /// <summary>Writes a reward model whose score head is not zero.</summary>
    public static string WriteReward(string folder, ulong seed = 2) =>
        Save(folder, Config with { IsRewardModel = true }, seed, WeightWriter.DefaultShardBytes);

    /// <summary>
    /// libtorch computes with one thread on the calling thread from here on: the setting is each thread's own, and a test
    /// that has awaited goes on on another one. How many threads there are decides how sums are rounded.
    /// </summary>
    public static void OneThread()
    {
        LibTorch.Load();
        set_num_threads(1); // several would only wait for each other over tensors as small as these
    }

    private static string Save(string folder, TransformerConfig config, ulong seed, long shardBytes)
    {
        OneThread();
        using var scope = NewDisposeScope();
        string tokens = folder + "-tokens";
        WorldTokenizer.Write(tokens);
        Dictionary<string, Tensor> weights = RandomWeights.Create(config, seed);
        if (config.IsRewardModel) weights[WeightNames.RewardHead] = ones(1, config.HiddenSize);
        CheckpointFolder.Save(folder, weights, config, ScalarType.Float32, tokens, shardBytes);
        Directory.Delete(tokens, recursive: true);
        return folder;
    }
}
