using Hone.Data;
using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Training;

/// <summary>Comparisons with the reference policy's summed log-probability of each answer, computed once. [K]</summary>
public sealed record ReferencedExample(ComparisonExample Example, double[] ReferenceLogps);

/// <summary>
/// DPO against a fixed reference (<see cref="DpoLoss"/>), the mean over all comparisons of the batch. The implicit
/// rewards are beta (log pi - log ref).
/// </summary>
public sealed class DpoObjective(double beta, double labelSmoothing = 0) : IObjective<ReferencedExample>
{
    public int Tokens(ReferencedExample example) => example.Example.Prompt.Length + example.Example.Answers.Sum(a => a.Length);

    public int BatchUnits(ReferencedExample example) => example.Example.Comparisons.Length;

    public int LossUnits(ReferencedExample example) => example.Example.Comparisons.Length;

    public Tensor Loss(Transformer model, IReadOnlyList<ReferencedExample> examples, StepMetrics metrics)
    {
        var comparisons = new ComparisonForest([.. examples.Select(e => e.Example)]);
        Tensor logps = comparisons.SumByAnswer(LogProbHead.LogProbs(model, model.Hidden(comparisons.Forest), comparisons.Scored));
        Tensor references = tensor(examples.SelectMany(e => e.ReferenceLogps).Select(r => (float)r).ToArray(), device: model.Device);
        Tensor better = tensor(comparisons.Better.ToArray(), device: model.Device);
        Tensor worse = tensor(comparisons.Worse.ToArray(), device: model.Device);
        Tensor chosen = logps.index_select(0, better), rejected = logps.index_select(0, worse);
        Tensor referenceChosen = references.index_select(0, better), referenceRejected = references.index_select(0, worse);
        Tensor loss = DpoLoss.Sigmoid(chosen, rejected, referenceChosen, referenceRejected, beta, labelSmoothing).sum();

        using var off = no_grad();
        int pairs = comparisons.Better.Count;
        Tensor chosenRewards = (chosen - referenceChosen).Times(beta), rejectedRewards = (rejected - referenceRejected).Times(beta);
        metrics.Add("rewards/chosen", chosenRewards.sum().item<float>(), pairs);
        metrics.Add("rewards/rejected", rejectedRewards.sum().item<float>(), pairs);
        metrics.Add("rewards/margins", (chosenRewards - rejectedRewards).sum().item<float>(), pairs);
        metrics.Add("rewards/accuracies", chosenRewards.gt(rejectedRewards).sum().item<long>(), pairs);
        metrics.Add("logps/chosen", chosen.sum().item<float>(), pairs);
        metrics.Add("logps/rejected", rejected.sum().item<float>(), pairs);
        metrics.Add("length/chosen", comparisons.Better.Sum(b => comparisons.Answers[(int)b].Length), pairs);
        metrics.Add("length/rejected", comparisons.Worse.Sum(w => comparisons.Answers[(int)w].Length), pairs);
        return loss;
    }
}
