using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>RMSNorm (arXiv 1910.07467) over the last dimension: statistics in fp32, the result in the type of its input.</summary>
internal sealed class RmsNorm(Tensor weight, TransformerConfig config)
{
    /// <summary>The norm of that name; null where the model has none.</summary>
    public static RmsNorm? Of(IReadOnlyDictionary<string, Tensor> weights, string name, TransformerConfig config) =>
        weights.GetValueOrDefault(name + ".weight") is { } weight ? new RmsNorm(weight, config) : null;

    /// <summary>[..., dim] to [..., dim]</summary>
    public Tensor Apply(Tensor x)
    {
        using var scope = NewDisposeScope();
        Tensor wide = x.As(ScalarType.Float32);
        Tensor normed = wide * (wide * wide).mean([-1], keepdim: true).Plus(config.NormEpsilon).rsqrt();
        Tensor result = config.NormWeight switch
        {
            NormWeight.AfterCast => normed.As(x.dtype) * weight.As(x.dtype),
            NormWeight.BeforeCast => (normed * weight.As(ScalarType.Float32)).As(x.dtype),
            _ => (normed * weight.As(ScalarType.Float32).Plus(1)).As(x.dtype),
        };
        return result.MoveToOuterDisposeScope();
    }
}
