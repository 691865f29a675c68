using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Training;

/// <summary>
/// Kahneman-Tversky optimisation (Ethayarajh et al. 2024, arXiv 2402.01306, equations 7 and 8): each answer by itself is better or
/// worse than where the policy stands. Ratios are log pi - log ref of whole answers, s is the sigmoid. [answers] in and out.
/// </summary>
internal static class KtoLoss
{
    /// <summary>1 - s(beta (ratio - z)), of answers that are wanted.</summary>
    public static Tensor Desirable(Tensor ratios, Tensor baseline, double beta) => OneMinusSigmoid((ratios - baseline).Times(beta));

    /// <summary>1 - s(beta (z - ratio)), of answers that are not wanted.</summary>
    public static Tensor Undesirable(Tensor ratios, Tensor baseline, double beta) => OneMinusSigmoid((baseline - ratios).Times(beta));

    /// <summary>
    /// z, a scalar: the mean ratio of answers to other prompts, at least 0, without gradient. It stands for the KL of the policy from
    /// its reference, which learns nothing from it.
    /// </summary>
    public static Tensor Baseline(Tensor mismatched) => mismatched.detach().mean().AtLeast(0);

    private static Tensor OneMinusSigmoid(Tensor x) => (-x).sigmoid();
}
