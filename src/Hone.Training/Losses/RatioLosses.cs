using Hone.Models;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Hone.Training;

/// <summary>
/// Losses that judge each answer by itself: a and b are beta times log pi - log ref of the chosen and of the rejected answer.
/// s is the sigmoid. All take and return [pairs].
/// </summary>
internal static class RatioLosses
{
    /// <summary>-log s(a) - (log s(-a) + log s(-b)) / 2 (NCA, arXiv 2402.05369, for pairs).</summary>
    public static Tensor Nca(Tensor a, Tensor b) => -logsigmoid(a) - logsigmoid(-a).Plus(logsigmoid(-b)).Times(0.5);

    /// <summary>
    /// -log s(a - d) - log s(-(b - d)), d the mean of all rewards a and b of the pass, without gradient (BCO, arXiv 2404.04656). TRL
    /// takes a running mean over the training.
    /// </summary>
    public static Tensor Bco(Tensor a, Tensor b)
    {
        Tensor d = cat([a, b]).detach().mean();
        return -logsigmoid(a - d) - logsigmoid(d - b);
    }

    /// <summary>
    /// (a / beta - 1 / (2 beta))^2 + (b / beta + 1 / (2 beta))^2, for hard labels (SPPO, arXiv 2405.00675, equation 4.7).
    /// </summary>
    public static Tensor Sppo(Tensor a, Tensor b, double beta)
    {
        Tensor won = a.Plus(-0.5).Times(1 / beta), lost = b.Plus(0.5).Times(1 / beta);
        return (won * won).Plus(lost * lost);
    }

    /// <summary>1 - s(a) + s(b): up with the chosen, down with the rejected (APO-zero, arXiv 2408.06266).</summary>
    public static Tensor ApoZero(Tensor a, Tensor b) => (b.sigmoid() - a.sigmoid()).Plus(1);

    /// <summary>s(a) + 1 - s(a - b): both down, the rejected more (APO-down, arXiv 2408.06266).</summary>
    public static Tensor ApoDown(Tensor a, Tensor b) => (a.sigmoid() - (a - b).sigmoid()).Plus(1);
}
