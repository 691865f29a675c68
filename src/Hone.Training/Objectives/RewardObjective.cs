using Hone.Data;
using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Training;

/// <summary>
/// Bradley-Terry reward model: the score is a linear read-out of the hidden state at the answer's true last token; the
/// loss is the mean of -log s(r_better - r_worse) over all comparisons of the batch.
/// </summary>
/// <param name="center">Weight of the squared sum of a pair's two scores, which only their difference else fixes; 0 for none.</param>
/// <param name="margin">Factor of the margins that comparisons carry; 0 for none.</param>
public sealed class RewardObjective(double center = 0, double margin = 0) : IObjective<PromptExample>
{
    public int Tokens(PromptExample example) => example.Tokens;

    public int BatchUnits(PromptExample example) => example.Comparisons.Length;

    public int LossUnits(PromptExample example) => example.Comparisons.Length;

    public Tensor Loss(Transformer model, IReadOnlyList<PromptExample> examples, StepMetrics metrics)
    {
        ForestBatch batch = ForestBatch.Of(examples, model.Config.PrefixBoundary);
        Tensor scores = model.Scores(model.Hidden(batch.Forest).index_select(0, batch.LastTokens.OnDevice(model.Device)));
        Tensor better = scores.index_select(0, batch.Better.OnDevice(model.Device));
        Tensor worse = scores.index_select(0, batch.Worse.OnDevice(model.Device));
        Tensor loss = margin == 0
            ? BradleyTerryLoss.Negative(better, worse).sum()
            : BradleyTerryLoss.Negative(better, worse,
                tensor(batch.Margins.Select(m => (float)(margin * m)).ToArray(), device: model.Device)).sum();
        if (center > 0) loss = loss.Plus(BradleyTerryLoss.Centering(better, worse).sum().Times(center));

        using var off = no_grad();
        int pairs = batch.Better.Count;
        metrics.Add("rewards/chosen", better.sum().item<float>(), pairs);
        metrics.Add("rewards/rejected", worse.sum().item<float>(), pairs);
        metrics.Add("rewards/margins", (better - worse).sum().item<float>(), pairs);
        metrics.Add("rewards/accuracies", better.gt(worse).sum().item<long>(), pairs);
        return loss;
    }
}
