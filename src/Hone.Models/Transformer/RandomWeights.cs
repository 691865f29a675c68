using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>Fresh values of a transformer's weights.</summary>
internal static class RandomWeights
{
    /// <summary>
    /// Fresh fp32 weights: norms the identity, biases 0, the rest normal with <paramref name="deviation"/>; projections back into the
    /// residual stream are scaled by 1 / sqrt(2 layers) (GPT-2, section 2.3). The same seed gives the same weights.
    /// </summary>
    public static Dictionary<string, Tensor> Create(TransformerConfig config, ulong seed, double deviation = 0.02)
    {
        using var generator = new Generator(seed, CPU);
        var weights = new Dictionary<string, Tensor>();
        foreach ((string name, long[] shape) in WeightNames.Of(config))
        {
            bool Ends(string ending) => name.EndsWith(ending, StringComparison.Ordinal);
            double scale = Ends("o_proj.weight") || Ends("down_proj.weight") ? deviation / Math.Sqrt(2 * config.LayerCount) : deviation;
            weights[name] = name switch
            {
                _ when Ends("norm.weight") => config.NormWeight == NormWeight.OnePlusBeforeCast ? zeros(shape) : ones(shape),
                _ when Ends(".bias") => zeros(shape),
                WeightNames.RewardHead => zeros(shape),
                _ => randn(shape, generator: generator).ScaleInPlace(scale),
            };
        }
        return weights;
    }
}
