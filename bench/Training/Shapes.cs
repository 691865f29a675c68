using Hone.Models;

namespace Hone.Bench.Training;

internal static class Shapes
{
    /// <param name="name">tiny, 15m, 110m, 1b or 8b; 8b-2 is two layers of it.</param>
    public static TransformerConfig Of(string name) => name.Split('-') is [var whole, var layers]
        ? Of(whole) with { LayerCount = int.Parse(layers, System.Globalization.CultureInfo.InvariantCulture) }
        : name switch
        {
            "15m" => Llama(32_000, 288, 768, 6, 6, 6),
            "110m" => Llama(32_000, 768, 2048, 12, 12, 12),
            "1b" => Llama(128_256, 2048, 8192, 16, 32, 8),
            "8b" => Llama(128_256, 4096, 14_336, 32, 32, 8) with { TieEmbeddings = false },
            "tiny" => Llama(512, 64, 128, 2, 4, 2),
            _ => throw new ArgumentException($"{name}: tiny, 15m, 110m, 1b or 8b"),
        };

    private static TransformerConfig Llama(int vocabulary, int hidden, int inner, int layers, int heads, int keyHeads) => new()
    {
        VocabularySize = vocabulary,
        HiddenSize = hidden,
        IntermediateSize = inner,
        LayerCount = layers,
        HeadCount = heads,
        KeyValueHeadCount = keyHeads,
        HeadDim = hidden / heads,
        MaxPositions = 8192,
        TieEmbeddings = true,
    };
}
