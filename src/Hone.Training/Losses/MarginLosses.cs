using Hone.Models;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Hone.Training;

/// <summary>
/// Losses of h, beta times the margin between the two answers' log-ratios (<see cref="PairLogProbs.Margin"/>). In all, e is
/// the assumed share of wrong labels and s the sigmoid. All take and return [pairs].
/// </summary>
internal static class MarginLosses
{
    /// <summary>
    /// Direct preference optimisation: -(1 - e) log s(h) - e log s(-h) (arXiv 2305.18290, equation 7; e: Mitchell, "cDPO").
    /// </summary>
    public static Tensor Sigmoid(Tensor h, double smoothing)
    {
        Tensor loss = -logsigmoid(h);
        return smoothing == 0 ? loss : loss.Times(1 - smoothing) - logsigmoid(-h).Times(smoothing);
    }

    /// <summary>Unbiased under label noise: (-(1 - e) log s(h) + e log s(-h)) / (1 - 2e) (arXiv 2403.00409, equation 10).</summary>
    public static Tensor Robust(Tensor h, double smoothing) =>
        (logsigmoid(-h).Times(smoothing) - logsigmoid(h).Times(1 - smoothing)).Times(1 / (1 - (2 * smoothing)));

    /// <summary>max(0, 1 - h) (SLiC, arXiv 2305.10425; RSO, arXiv 2309.06657).</summary>
    public static Tensor Hinge(Tensor h) => relu(-h.Plus(-1));

    /// <summary>(m - 1 / (2 beta))^2 of the margin m per token (arXiv 2310.12036, equation 17; per token as its authors advise).</summary>
    public static Tensor Ipo(Tensor margin, double beta)
    {
        Tensor off = margin.Plus(-1 / (2 * beta));
        return off * off;
    }

    /// <summary>
    /// KL of (s(h), s(-h)) from the smoothed label: s(h) (log s(h) - log(1 - e)) + s(-h) (log s(-h) - log e), e at least 0.001
    /// (EXO, arXiv 2402.00856, equation 16).
    /// </summary>
    public static Tensor Exo(Tensor h, double smoothing)
    {
        double e = smoothing == 0 ? 1e-3 : smoothing;
        return (h.sigmoid() * logsigmoid(h).Plus(-Math.Log(1 - e))).Plus((-h).sigmoid() * logsigmoid(-h).Plus(-Math.Log(e)));
    }

    /// <summary>(1 - m) (-log s(h)) + m exp(-h), m = s(h / 0.05) (DiscoPOP, arXiv 2406.08414, section 4.3).</summary>
    public static Tensor Discopop(Tensor h)
    {
        Tensor m = h.Times(1 / 0.05).sigmoid();
        return (-logsigmoid(h) * (-m).Plus(1)).Plus(h.Times(-1).AtMost(80).exp() * m);
    }
}
