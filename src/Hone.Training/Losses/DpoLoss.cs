using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Training;

/// <summary>
/// Direct preference optimisation (Rafailov et al. 2023, arXiv 2305.18290, equation 7), with label smoothing
/// (Mitchell, "cDPO"): h = beta [(log pi(w) - log ref(w)) - (log pi(l) - log ref(l))] and
/// L = -(1 - e) log s(h) - e log s(-h). Log-probabilities are sums over the answer's tokens.
/// </summary>
public static class DpoLoss
{
    /// <summary>Loss of each pair. All arguments and the result are [pairs], fp32; the references carry no gradient.</summary>
    public static Tensor Sigmoid(
        Tensor policyChosen, Tensor policyRejected, Tensor referenceChosen, Tensor referenceRejected,
        double beta, double labelSmoothing = 0)
    {
        Tensor h = (policyChosen - referenceChosen - (policyRejected - referenceRejected)).Times(beta);
        Tensor loss = -nn.functional.logsigmoid(h);
        return labelSmoothing == 0 ? loss : loss.Times(1 - labelSmoothing) - nn.functional.logsigmoid(-h).Times(labelSmoothing);
    }
}
