using Hone.Data;
using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Training;

/// <summary>
/// What a loss on pairs sees: log-probabilities of whole answers under policy and reference, and the answers' lengths in
/// tokens. All [pairs], fp32; references and lengths carry no gradient.
/// </summary>
public sealed record PairLogProbs(
    Tensor Chosen, Tensor Rejected, Tensor ReferenceChosen, Tensor ReferenceRejected, Tensor ChosenLength, Tensor RejectedLength)
{
    /// <summary>log pi - log ref of the chosen answer.</summary>
    public Tensor ChosenRatio => Chosen - ReferenceChosen;

    /// <summary>log pi - log ref of the rejected answer.</summary>
    public Tensor RejectedRatio => Rejected - ReferenceRejected;

    /// <summary>The same per token of each answer.</summary>
    public PairLogProbs PerToken => this with
    {
        Chosen = Chosen / ChosenLength,
        Rejected = Rejected / RejectedLength,
        ReferenceChosen = ReferenceChosen / ChosenLength,
        ReferenceRejected = ReferenceRejected / RejectedLength,
    };

    /// <summary>
    /// How much more the policy than the reference prefers the chosen answer, measured by a divergence (Wang et al. 2023, arXiv
    /// 2309.16240): f'(u) of the chosen minus that of the rejected answer, u = pi / ref; the difference of the ratios for reverse KL.
    /// </summary>
    public Tensor Margin(Divergence divergence, double alpha) => divergence switch
    {
        Divergence.Js => ChosenRatio - RejectedRatio - (Softplus(ChosenRatio) - Softplus(RejectedRatio)),
        Divergence.Alpha => (ExpOf(RejectedRatio, -alpha) - ExpOf(ChosenRatio, -alpha)).Times(1 / alpha),
        _ => ChosenRatio - RejectedRatio,
    };

    private static Tensor Softplus(Tensor x) => -nn.functional.logsigmoid(-x);

    // Beyond this fp32 overflows; the gradient there is none, as TRL's.
    private static Tensor ExpOf(Tensor x, double factor) => x.Times(factor).AtMost(80).exp();
}
