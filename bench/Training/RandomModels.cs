using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Bench.Training;

internal static class RandomModels
{
    /// <summary>Made on the device, one after the other: a copy in fp32 would not fit beside them at the largest shape.</summary>
    public static Dictionary<string, Tensor> Weights(TransformerConfig config, Device device, ScalarType type)
    {
        var weights = new Dictionary<string, Tensor>();
        foreach ((string name, long[] shape) in WeightNames.Of(config))
        {
            bool score = name == WeightNames.RewardHead;
            weights[name] = name.EndsWith("norm.weight", StringComparison.Ordinal)
                ? ones(shape, dtype: type, device: device)
                : empty(shape, dtype: score ? ScalarType.Float32 : type, device: device).normal_(0, 0.02);
        }
        return weights;
    }
}
