using static TorchSharp.torch;

namespace Hone.Training;

/// <summary>
/// Alignment by optimal transport (Melnyk et al. 2024, arXiv 2406.05882): the sorted margins of a pass are compared, place by
/// place, so that a whole distribution is preferred and not each pair by itself. All return [pairs], in order of size.
/// </summary>
internal static class TransportLosses
{
    /// <summary>DPO's loss of beta (sorted log pi(w) - log pi(l), minus the reference's sorted).</summary>
    public static Tensor Aot(PairLogProbs p, Func<Tensor, Tensor> scaled, double smoothing) => MarginLosses.Sigmoid(
        scaled(Sorted(p.Chosen - p.Rejected) - Sorted(p.ReferenceChosen - p.ReferenceRejected)), smoothing);

    /// <summary>DPO's loss of beta (sorted log-ratios of chosen answers, minus those of rejected ones sorted).</summary>
    public static Tensor AotUnpaired(PairLogProbs p, Func<Tensor, Tensor> scaled, double smoothing) =>
        MarginLosses.Sigmoid(scaled(Sorted(p.ChosenRatio) - Sorted(p.RejectedRatio)), smoothing);

    private static Tensor Sorted(Tensor x) => x.sort(0).Values;
}
