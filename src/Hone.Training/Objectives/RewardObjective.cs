using Hone.Data;
using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Training;

/// <summary>
/// Bradley-Terry reward model: the score is a linear read-out of the hidden state at the answer's true last token; the
/// loss is the mean of -log s(r_better - r_worse) over all comparisons of the batch.
/// </summary>
public sealed class RewardObjective : IObjective<ComparisonExample>
{
    public int Tokens(ComparisonExample example) => example.Prompt.Length + example.Answers.Sum(a => a.Length);

    public int BatchUnits(ComparisonExample example) => example.Comparisons.Length;

    public int LossUnits(ComparisonExample example) => example.Comparisons.Length;

    public Tensor Loss(Transformer model, IReadOnlyList<ComparisonExample> examples, StepMetrics metrics)
    {
        var comparisons = new ComparisonForest(examples);
        Tensor scores = model.Scores(model.Hidden(comparisons.Forest).index_select(0, tensor(comparisons.LastTokens.ToArray(), device: model.Device)));
        Tensor better = scores.index_select(0, tensor(comparisons.Better.ToArray(), device: model.Device));
        Tensor worse = scores.index_select(0, tensor(comparisons.Worse.ToArray(), device: model.Device));
        Tensor loss = BradleyTerryLoss.Negative(better, worse).sum();

        using var off = no_grad();
        int pairs = comparisons.Better.Count;
        metrics.Add("rewards/chosen", better.sum().item<float>(), pairs);
        metrics.Add("rewards/rejected", worse.sum().item<float>(), pairs);
        metrics.Add("rewards/margins", (better - worse).sum().item<float>(), pairs);
        metrics.Add("rewards/accuracies", better.gt(worse).sum().item<long>(), pairs);
        return loss;
    }
}
