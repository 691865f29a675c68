using Hone.Models;
using Hone.Models.Gguf;
using static TorchSharp.torch;

/// <summary>Llama shapes with random weights.</summary>
internal static class Shapes
{
    public static readonly string[] Names = ["15M", "110M", "1B", "8B"];

    public static TransformerConfig Of(string name) => name switch
    {
        "15M" => Shape(288, 6, 6, 6, 768, 32000),
        "110M" => Shape(768, 12, 12, 12, 2048, 32000),
        "8B" => Shape(4096, 32, 32, 8, 14336, 128256),
        "1B" => Shape(2048, 16, 32, 8, 8192, 128256) with { TieEmbeddings = true },
        _ => throw new ArgumentException($"shape {name}: {string.Join(", ", Names)}"),
    };

    /// <summary>Tokens that are decoded in one measurement.</summary>
    public static int NewTokens(string name) => name switch { "8B" => 8, "1B" => 24, _ => 128 };

    public static Transformer Model(string name)
    {
        LibTorch.Load();
        TransformerConfig config = Shapes.Of(name);
        // The layers of the largest shape share one layer's weights: packed they are as large as any, and in bf16 they need not fit.
        var shared = new Dictionary<string, Tensor>();
        Tensor Of(string weight, long[] shape)
        {
            string key = name == "8B" ? string.Concat(weight.Where(c => !char.IsDigit(c))) : weight;
            return shared.TryGetValue(key, out Tensor? there) ? there : shared[key] = Weight(weight, shape);
        }
        return new Transformer(config, WeightNames.Of(config).ToDictionary(w => w.Name, w => Of(w.Name, w.Shape)), ScalarType.BFloat16);
    }

    public static void WriteGguf(string name, GgufTensorType type, string file)
    {
        LibTorch.Load();
        TransformerConfig config = Of(name);
        GgufMetadata metadata = new(file);
        metadata.Add(GgufConfig.Architecture, "llama");
        metadata.Add("general.type", "model");
        GgufConfig.Write(config, metadata, _ => { });
        metadata.Add("general.quantization_version", 2u);
        metadata.Add("tokenizer.ggml.model", "no_vocab");
        var shapes = WeightNames.Of(config).ToDictionary(w => w.Name, w => w.Shape);
        GgufWriter.Write(file, metadata, GgufWeights.Plan(config, type, weight => Weight(weight, shapes[weight]).to(ScalarType.Float32)));
    }

    private static Tensor Weight(string name, long[] shape)
    {
        if (shape.Length == 1) return ones(shape, dtype: ScalarType.BFloat16);
        using var generator = new Generator((ulong)name.Sum(c => c), CPU);
        using Tensor normal = randn(shape, generator: generator).ScaleInPlace(0.02);
        return normal.to(ScalarType.BFloat16);
    }

    private static TransformerConfig Shape(int hidden, int layers, int heads, int keyHeads, int inner, int vocabulary) => new()
    {
        VocabularySize = vocabulary, HiddenSize = hidden, IntermediateSize = inner, LayerCount = layers, HeadCount = heads,
        KeyValueHeadCount = keyHeads, HeadDim = hidden / heads, MaxPositions = 8192, NormEpsilon = 1e-5,
    };
}
