using Hone.Models;
using Hone.Workflow.World;
using static TorchSharp.torch;

namespace Hone.Workflow.Tests.Loop;

/// <summary>
/// A base model of a few thousand weights with the small world's tokenizer: it has learnt nothing and runs in milliseconds.
/// </summary>
internal static class TinyModel
{
    internal static TransformerConfig Config { get; } = WorldBaseModel.Config with
    {
        HiddenSize = 16,
        IntermediateSize = 32,
        LayerCount = 2,
        HeadCount = 2,
        KeyValueHeadCount = 1,
        HeadDim = 8,
    };

    /// <summary>Writes it as a Hugging Face folder.</summary>
    internal static void Write(string folder, ulong seed = 1)
    {
        LibTorch.Load();
        set_num_threads(1); // one pass is too little to share; waiting for a second thread takes longer, much longer on a busy machine
        string text = folder + ".tokenizer";
        WorldTokenizer.Write(text);
        Dictionary<string, Tensor> weights = RandomWeights.Create(Config, seed, deviation: 0.2);
        CheckpointFolder.Save(folder, weights, Config, ScalarType.Float32, text);
        foreach (Tensor weight in weights.Values) weight.Dispose();
        Directory.Delete(text, recursive: true);
    }
}
