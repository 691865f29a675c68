using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>How exactly a merge could be kept in the type that it is stored in.</summary>
/// <param name="Lost">
/// Norm of what rounding changed, over the norm of what the adapter adds: 0 for an exact merge, 1 where rounding is as large
/// as the adapter itself.
/// </param>
/// <param name="Largest">The largest change by rounding of any weight.</param>
public sealed record MergeError(double Lost, double Largest);

/// <summary>Adds an adapter to the weights that it adapts.</summary>
public static class LoraMerge
{
    /// <summary>
    /// Each adapted matrix becomes W + scale B A, computed in fp32 and kept in the matrix's own type, one at a time and in
    /// place. The adapter is not changed.
    /// </summary>
    public static MergeError Into(IReadOnlyDictionary<string, Tensor> weights, LoraAdapter adapter)
    {
        using var off = no_grad();
        (double rounding, double added, double largest) = (0, 0, 0);
        foreach ((string name, LoraPair pair) in adapter.Pairs)
        {
            using var scope = NewDisposeScope();
            Tensor weight = weights[name + ".weight"], delta = pair.Delta(), exact = weight.to(ScalarType.Float32).Plus(delta);
            weight.copy_(exact);
            Tensor error = weight.to(ScalarType.Float32) - exact;
            rounding += SquareSum(error);
            added += SquareSum(delta);
            largest = Math.Max(largest, error.abs().max().item<float>());
        }
        return new MergeError(added == 0 ? 0 : Math.Sqrt(rounding / added), largest);
    }

    private static double SquareSum(Tensor x) => (x * x).sum(ScalarType.Float64).item<double>();
}
