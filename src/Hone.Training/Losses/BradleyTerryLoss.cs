using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Training;

/// <summary>
/// Bradley-Terry likelihood of a preference: -log s(r_chosen - r_rejected) (Ouyang et al. 2022, arXiv 2203.02155, equation 1).
/// </summary>
internal static class BradleyTerryLoss
{
    /// <summary>Loss of each pair, [pairs] in and out, fp32.</summary>
    public static Tensor Negative(Tensor chosen, Tensor rejected) => -nn.functional.logsigmoid(chosen - rejected);

    /// <summary>
    /// -log s(r_chosen - r_rejected - margin): pairs that differ much must have rewards that do (Llama 2, arXiv 2307.09288,
    /// equation 2).
    /// </summary>
    public static Tensor Negative(Tensor chosen, Tensor rejected, Tensor margin) => Negative(chosen - margin, rejected);

    /// <summary>(r_chosen + r_rejected)^2 of each pair (Eisenstein et al. 2023, arXiv 2312.09244, section 4).</summary>
    public static Tensor Centering(Tensor chosen, Tensor rejected)
    {
        Tensor sum = chosen.Plus(rejected);
        return sum * sum;
    }
}
