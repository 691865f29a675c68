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

    public int HeadRows(PromptExample example) => example.Answers.Sum(a => a.Length);

    public Tensor Loss(Transformer model, IReadOnlyList<PromptExample> examples, StepMetrics metrics)
    {
        ForestBatch batch = ForestBatch.Of(examples, model.Config.PrefixBoundary);
        Tensor hidden = model.Hidden(batch.Forest), tokens = LogProbHead.LogProbs(model, hidden, batch.Scored);
        Tensor groups = batch.Scored.Groups.OnDevice(model.Device), logps = tokens.SumByGroup(groups, batch.Answers.Count);
        Tensor references = References(examples, model.Device);
        Tensor better = batch.Better.OnDevice(model.Device), worse = batch.Worse.OnDevice(model.Device);
        Tensor chosen = logps.index_select(0, better), rejected = logps.index_select(0, worse);
        Tensor referenceChosen = references.index_select(0, better), referenceRejected = references.index_select(0, worse);
        Tensor lengths = tensor(batch.Answers.Select(a => (float)a.Length).ToArray(), device: model.Device);
        Tensor Learnt(Tensor whole, IReadOnlyList<int> answers, IReadOnlyList<int> others) => options.LdAlpha == 1 ? whole
            : LengthDesensitisation.LogProbs(tokens, batch.Scored.Groups, answers, others, options.LdAlpha);
        Tensor losses = PreferenceLoss.Of(new PairLogProbs(
            Learnt(chosen, batch.Better, batch.Worse), Learnt(rejected, batch.Worse, batch.Better), referenceChosen, referenceRejected,
            lengths.index_select(0, better), lengths.index_select(0, worse)), options);
        if (options.WeightByPolicy)
        {
            Tensor squares = PolicyWeighting.LogSumSquares(model, hidden, batch.Scored);
            Tensor weights = PolicyWeighting.Of(tokens, squares, groups, lengths, better, worse);
            metrics.Add("wpo_weight", weights.sum().item<float>(), batch.Better.Count);
            losses = losses * weights;
        }
        Tensor loss = losses.sum();

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

    /// <summary>The reference's log-probabilities that the examples carry. [answers]</summary>
    internal static Tensor References(IReadOnlyList<PromptExample> examples, Device device)
    {
        static IEnumerable<float> Of(PromptExample example) => example.ReferenceLogps?.Select(logp => (float)logp)
            ?? throw new ArgumentException("The reference's log-probability of every answer is needed.", nameof(example));
        return tensor(examples.SelectMany(Of).ToArray(), device: device);
    }
}
