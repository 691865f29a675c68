using System.Security.Cryptography;
using Hone.Data;
using Hone.Models;
using Hone.Text;
using Hone.Training;
using static TorchSharp.torch;

namespace Hone.Workflow.World;

/// <summary>
/// The embedded world's base model: a Llama of 0.7 million parameters, trained from scratch on the world's base text. It
/// stands for a checkpoint that one would download, and lies in the program as bf16 weights of 1.3 MB, which
/// <c>hone world-base</c> made and makes again.
/// </summary>
internal static class WorldBaseModel
{
    public const ulong Seed = 1;
    private const int Documents = 64_000;
    private const string Resource = "world-base.safetensors", WeightsFile = "model.safetensors";

    public static TransformerConfig Config { get; } = new()
    {
        VocabularySize = WorldTokenizer.VocabularySize,
        HiddenSize = 128,
        IntermediateSize = 384,
        LayerCount = 3,
        HeadCount = 4,
        KeyValueHeadCount = 4,
        HeadDim = 32,
        MaxPositions = 512,
        TieEmbeddings = true,
        BosId = WorldTokenizer.IdOf(WorldTokenizer.BeginOfText),
        EosIds = [WorldTokenizer.IdOf(WorldTokenizer.End)],
        PadId = WorldTokenizer.IdOf(WorldTokenizer.Pad),
    };

    /// <summary>SHA-256 of the shipped weights.</summary>
    public static string Digest
    {
        get
        {
            using Stream weights = Open();
            return Convert.ToHexStringLower(SHA256.HashData(weights));
        }
    }

    /// <summary>Lays the shipped model out as a Hugging Face folder.</summary>
    public static void Write(string folder)
    {
        WorldTokenizer.Write(folder);
        ConfigWriter.Write(folder, Config, ScalarType.BFloat16);
        using Stream weights = Open();
        Durable.WriteFile(Path.Combine(folder, WeightsFile), weights.CopyTo);
    }

    private static Stream Open() => typeof(WorldBaseModel).Assembly.GetManifestResourceStream(Resource)
        ?? throw new InvalidOperationException($"the resource {Resource} is missing from this build");

    /// <summary>Trains it from scratch: about 4 minutes on two cores. Writes a Hugging Face folder.</summary>
    public static void Train(string folder, Action<StepReport> progress, CancellationToken cancel)
    {
        string text = folder + ".tokenizer";
        WorldTokenizer.Write(text);
        Tokenizer tokenizer = Tokenizer.Load(text);
        int begin = WorldTokenizer.IdOf(WorldTokenizer.BeginOfText), end = WorldTokenizer.IdOf(WorldTokenizer.End);
        SftExample[] examples = [.. SmallWorld.Create(Seed).BaseDocuments(Documents).Select(document =>
        {
            int[] ids = document.Encode(part => tokenizer.Encode(part), begin, end);
            return new SftExample(ids, [.. ids.Select((_, i) => i > 0)]);
        })];
        using var model = new Transformer(Config, RandomWeights.Create(Config, Seed, deviation: 0.05), ScalarType.Float32);
        var options = new TrainingOptions { LearningRate = 2e-3, BatchSize = 32, WeightDecay = 0.01, MicroBatchTokens = 4096, Seed = Seed };
        using var trainer = new Trainer<SftExample>(model, new SftObjective(), examples, [], options,
            new TrainingHooks(progress, (_, _) => { }, (_, _) => { }));
        trainer.Run(cancel);
        CheckpointFolder.Save(folder, model.Weights, Config, ScalarType.BFloat16, text);
        Directory.Delete(text, recursive: true);
    }
}
