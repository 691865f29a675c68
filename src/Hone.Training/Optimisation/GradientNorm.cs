using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Training;

/// <summary>Clipping of the whole gradient (Pascanu et al. 2013, arXiv 1211.5063), with PyTorch's constant.</summary>
internal static class GradientNorm
{
    /// <summary>L2 norm of all gradients together.</summary>
    public static double Of(IEnumerable<Tensor> weights)
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        Tensor[] gradients = [.. weights.Select(w => w.grad).OfType<Tensor>()];
        return stack([.. gradients.Select(g => g.norm().to(ScalarType.Float64))]).norm().item<double>();
    }

    /// <summary>Scales gradients of that norm so that it is at most <paramref name="limit"/> (0 = leaves them).</summary>
    public static void Clip(IEnumerable<Tensor> weights, double norm, double limit)
    {
        if (limit <= 0 || !(norm > limit)) return;
        using var scope = NewDisposeScope();
        using var off = no_grad();
        foreach (Tensor g in weights.Select(w => w.grad).OfType<Tensor>()) g.ScaleInPlace(limit / (norm + 1e-6));
    }
}
