using Hone.Models;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Hone.Training;

/// <summary>
/// Losses that need no reference: c and r are the policy's log-probabilities of the chosen and of the rejected answer per
/// token. s is the sigmoid. All take and return [pairs].
/// </summary>
internal static class ReferenceFreeLosses
{
    /// <summary>-c: the likelihood of the chosen answer, each answer counting the same (the NLL term of arXiv 2404.19733).</summary>
    public static Tensor Sft(Tensor c) => -c;

    /// <summary>-log s(beta (c - r) - gamma) (SimPO, arXiv 2405.14734, equation 6).</summary>
    public static Tensor Simpo(Tensor c, Tensor r, double beta, double gamma, double smoothing) =>
        MarginLosses.Sigmoid((c - r).Times(beta).Plus(-gamma), smoothing);

    /// <summary>
    /// -c - beta log s(log odds(c) - log odds(r)), odds(x) = e^x / (1 - e^x) (ORPO, arXiv 2403.07691, equations 6 and 7).
    /// </summary>
    public static Tensor Orpo(Tensor c, Tensor r, double beta) => -c - logsigmoid(LogOdds(c) - LogOdds(r)).Times(beta);

    // A probability of 1 has infinite odds: the mean log-probability is kept a little below 0.
    private static Tensor LogOdds(Tensor x)
    {
        x = x.AtMost(-1e-6);
        return x - (-x.exp()).log1p();
    }
}
