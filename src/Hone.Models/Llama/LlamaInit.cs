using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>Fresh values of a Llama's weights.</summary>
public static class LlamaInit
{
    /// <summary>
    /// Fresh fp32 weights: norms 1, biases 0, the rest normal with <paramref name="deviation"/>; projections back into the
    /// residual stream are scaled by 1 / sqrt(2 layers) (GPT-2, section 2.3). The same seed gives the same weights.
    /// </summary>
    public static Dictionary<string, Tensor> Random(LlamaConfig config, ulong seed, double deviation = 0.02)
    {
        using var generator = new Generator(seed, CPU);
        var weights = new Dictionary<string, Tensor>();
        foreach ((string name, long[] shape) in WeightNames.Of(config))
        {
            bool intoResidual = name.EndsWith("o_proj.weight", StringComparison.Ordinal) || name.EndsWith("down_proj.weight", StringComparison.Ordinal);
            weights[name] = name switch
            {
                _ when name.EndsWith("norm.weight", StringComparison.Ordinal) => ones(shape),
                _ when name.EndsWith(".bias", StringComparison.Ordinal) => zeros(shape),
                "score.weight" => zeros(shape),
                _ => randn(shape, generator: generator).ScaleInPlace(intoResidual ? deviation / Math.Sqrt(2 * config.LayerCount) : deviation),
            };
        }
        return weights;
    }
}
