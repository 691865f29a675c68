using Hone.Data;
using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Training;

/// <summary>
/// DPO and its relatives against a fixed reference (<see cref="PreferenceLoss"/>), the mean over all comparisons of the
/// batch. The implicit rewards are beta (log pi - log ref). Examples carry the reference's log-probabilities.
/// </summary>
public sealed class DpoObjective(PreferenceLossOptions options) : IObjective<PromptExample>
{
    public int Tokens(PromptExample example) => example.Tokens;

    public int BatchUnits(PromptExample example) => example.Comparisons.Length;

    public int LossUnits(PromptExample example) => example.Comparisons.Length;

    public Tensor Loss(Transformer model, IReadOnlyList<PromptExample> examples, StepMetrics metrics)
    {
        ForestBatch batch = ForestBatch.Of(examples, model.Config.PrefixBoundary);
        Tensor logps = LogProbHead.LogProbs(model, model.Hidden(batch.Forest), batch.Scored)
            .SumByGroup(batch.Scored.Groups.OnDevice(model.Device), batch.Answers.Count);
        Tensor references = tensor(examples.SelectMany(References).ToArray(), device: model.Device);
        Tensor better = batch.Better.OnDevice(model.Device), worse = batch.Worse.OnDevice(model.Device);
        Tensor chosen = logps.index_select(0, better), rejected = logps.index_select(0, worse);
        Tensor referenceChosen = references.index_select(0, better), referenceRejected = references.index_select(0, worse);
        float[] lengths = [.. batch.Answers.Select(a => (float)a.Length)];
        Tensor Lengths(IReadOnlyList<int> answers) => tensor(answers.Select(a => lengths[a]).ToArray(), device: model.Device);
        Tensor loss = PreferenceLoss.Of(new PairLogProbs(
            chosen, rejected, referenceChosen, referenceRejected, Lengths(batch.Better), Lengths(batch.Worse)), options).sum();

        using var off = no_grad();
        int pairs = batch.Better.Count;
        Tensor chosenRewards = (chosen - referenceChosen).Times(options.Beta);
        Tensor rejectedRewards = (rejected - referenceRejected).Times(options.Beta);
        metrics.Add("rewards/chosen", chosenRewards.sum().item<float>(), pairs);
        metrics.Add("rewards/rejected", rejectedRewards.sum().item<float>(), pairs);
        metrics.Add("rewards/margins", (chosenRewards - rejectedRewards).sum().item<float>(), pairs);
        metrics.Add("rewards/accuracies", chosenRewards.gt(rejectedRewards).sum().item<long>(), pairs);
        metrics.Add("logps/chosen", chosen.sum().item<float>(), pairs);
        metrics.Add("logps/rejected", rejected.sum().item<float>(), pairs);
        metrics.Add("length/chosen", batch.Better.Sum(b => batch.Answers[b].Length), pairs);
        metrics.Add("length/rejected", batch.Worse.Sum(w => batch.Answers[w].Length), pairs);
        return loss;
    }

    private static IEnumerable<float> References(PromptExample example) => example.ReferenceLogps?.Select(logp => (float)logp)
        ?? throw new ArgumentException("DPO needs the reference's log-probabilities of every answer.", nameof(example));
}
