using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Training;

/// <summary>Clipping of the whole gradient (Pascanu et al. 2013, arXiv 1211.5063), with PyTorch's constant.</summary>
internal static class GradientNorm
{
    /// <summary>L2 norm of all gradients together; scales them so that it is at most <paramref name="limit"/> (0 = leaves them).</summary>
    public static double Clip(IEnumerable<Tensor> weights, double limit)
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        Tensor[] gradients = [.. weights.Select(w => w.grad).OfType<Tensor>()];
        double norm = stack([.. gradients.Select(g => g.norm().to(ScalarType.Float64))]).norm().item<double>();
        if (limit > 0 && norm > limit)
            foreach (Tensor g in gradients) g.ScaleInPlace(limit / (norm + 1e-6));
        return norm;
    }
}
