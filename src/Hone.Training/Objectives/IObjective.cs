using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Training;

/// <summary>What a model learns from examples. The trainer knows nothing else about SFT, reward models or DPO.</summary>
public interface IObjective<TExample>
{
    /// <summary>Tokens that the example takes in a forest.</summary>
    int Tokens(TExample example);

    /// <summary>What the recipe's batch size counts: conversations or comparisons.</summary>
    int BatchUnits(TExample example);

    /// <summary>
    /// What the loss is a mean over: learnt tokens or comparisons. A batch's loss does not depend on how it is cut into passes.
    /// </summary>
    int LossUnits(TExample example);

    /// <summary>Rows that the vocabulary's head computes for the example; 0 where there is no such head. For counting work.</summary>
    int HeadRows(TExample example) => 0;

    /// <summary>
    /// Sum of the loss over the loss units of these examples, a scalar with gradient; metrics are added as sums and counts.
    /// </summary>
    Tensor Loss(Transformer model, IReadOnlyList<TExample> examples, StepMetrics metrics);
}
