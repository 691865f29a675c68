using Hone.Data;
using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Training;

/// <summary>
/// KTO (<see cref="KtoLoss"/>) on labelled answers (<see cref="KtoBatch"/>), the mean over all of the batch. The baseline is that of
/// the pass, as in TRL that of the device's share of a batch. Examples carry the reference's log-probabilities.
/// </summary>
/// <param name="beta">Strength of the pull towards the reference.</param>
/// <param name="desirable">Weight of answers that are wanted.</param>
/// <param name="undesirable">Weight of answers that are not.</param>
internal sealed class KtoObjective(double beta, double desirable = 1, double undesirable = 1) : IObjective<PromptExample>
{
    public int Tokens(PromptExample example) => example.Tokens;

    public int BatchUnits(PromptExample example) => LossUnits(example);

    public int LossUnits(PromptExample example) => example.Labels?.Count(l => l != AnswerLabel.Mismatched)
        ?? throw new ArgumentException("KTO needs labelled answers.", nameof(example));

    public int HeadRows(PromptExample example) => example.Answers.Sum(a => a.Length);

    public Tensor Loss(Transformer model, IReadOnlyList<PromptExample> examples, StepMetrics metrics)
    {
        ForestBatch batch = ForestBatch.Of(examples, model.Config.PrefixBoundary);
        Tensor logps = LogProbHead.LogProbs(model, model.Hidden(batch.Forest), batch.Scored)
            .SumByGroup(batch.Scored.Groups.OnDevice(model.Device), batch.Answers.Count);
        Tensor ratios = logps - DpoObjective.References(examples, model.Device);
        int[] wanted = At(AnswerLabel.Desirable), unwanted = At(AnswerLabel.Undesirable), others = At(AnswerLabel.Mismatched);
        Tensor Ratios(int[] answers) => ratios.index_select(0, answers.OnDevice(model.Device));
        Tensor baseline = others.Length > 0 ? KtoLoss.Baseline(Ratios(others)) : zeros(1, device: model.Device).squeeze(0);
        Tensor good = KtoLoss.Desirable(Ratios(wanted), baseline, beta), bad = KtoLoss.Undesirable(Ratios(unwanted), baseline, beta);

        using (no_grad())
        {
            void Add(string name, Tensor values, int count)
            {
                if (count > 0) metrics.Add(name, values.sum().item<float>(), count);
            }
            Add("rewards/chosen", Ratios(wanted).Times(beta), wanted.Length);
            Add("rewards/rejected", Ratios(unwanted).Times(beta), unwanted.Length);
            Add("kl", baseline, 1);
        }
        return good.sum().Times(desirable).Plus(bad.sum().Times(undesirable));

        int[] At(AnswerLabel label) => [.. batch.Labels.Index().Where(l => l.Item == label).Select(l => l.Index)];
    }
}
