using Hone.Models;
using TorchSharp;

namespace Hone.Inference.Engines.Cpu;

/// <summary>All weights of a model, packed from those that it has at this moment, its adapter merged.</summary>
internal sealed class PackedModel : IDisposable
{
    private readonly PackedMatrix _embedding;

    public PackedModel(Transformer model, CpuFormat format)
    {
        Config = model.Config;
        CpuFormat wide = format == CpuFormat.Int4 ? CpuFormat.Int8 : format;
        const string Ending = ".weight";
        static string Name(string weight) => weight[..^Ending.Length];
        Layers = [.. Enumerable.Range(0, Config.LayerCount).Select(layer => new LayerWeights(model, layer, format))];
        FinalNorm = NormWeights.Read(model, WeightNames.FinalNorm)!;
        _embedding = MatrixPacker.Stacked(model, [Name(WeightNames.Embedding)], wide).Matrix;
        Head = Config.TieEmbeddings ? _embedding : MatrixPacker.Stacked(model, [Name(WeightNames.LanguageModelHead)], wide).Matrix;
        EmbeddingScale = !Config.ScaleEmbeddings ? 1 : Rounded((float)Math.Sqrt(Config.HiddenSize), model.ComputeType);
    }

    public TransformerConfig Config { get; }

    public LayerWeights[] Layers { get; }

    public float[] FinalNorm { get; }

    public PackedMatrix Head { get; }

    public float EmbeddingScale { get; }

    /// <summary>Of the matrices that a decoded token reads.</summary>
    public long BytesPerPass => Layers.Sum(layer => layer.Bytes) + Head.Bytes;

    /// <summary>A token's embedding. [hidden]</summary>
    public void Embed(int token, Span<float> to)
    {
        _embedding.Unpack(token, to);
        if (EmbeddingScale == 1) return;
        for (int i = 0; i < to.Length; i++) to[i] *= EmbeddingScale;
    }

    public void Dispose()
    {
        foreach (LayerWeights layer in Layers) layer.Dispose();
        _embedding.Dispose();
        Head.Dispose();
    }

    // As the model rounds it to the type that it computes in.
    private static float Rounded(float value, torch.ScalarType type) => type switch
    {
        torch.ScalarType.BFloat16 => BrainFloat.ToSingle(BrainFloat.Round(value)),
        torch.ScalarType.Float16 => (float)(Half)value,
        _ => value,
    };
}
