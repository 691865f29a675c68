using Hone.Data;
using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Inference;

/// <summary>
/// Scores given answers under a model, without gradients: each prompt is computed once, however many answers hang from it.
/// </summary>
public static class AnswerScores
{
    /// <summary>Summed log-probability of each answer given its prompt. [examples][K]</summary>
    public static double[][] LogProbs(Transformer model, IReadOnlyList<PromptExample> examples, int maxTokens) =>
        Score(model, examples, maxTokens, batch => LogProbHead.LogProbs(model, model.Hidden(batch.Forest), batch.Scored)
            .SumByGroup(batch.Scored.Groups.OnDevice(model.Device), batch.Answers.Count));

    /// <summary>Reward of each answer, read at its true last token. [examples][K]</summary>
    public static double[][] Rewards(Transformer rewardModel, IReadOnlyList<PromptExample> examples, int maxTokens) =>
        Score(rewardModel, examples, maxTokens, batch => rewardModel.Scores(
            rewardModel.Hidden(batch.Forest).index_select(0, batch.LastTokens.OnDevice(rewardModel.Device))));

    private static double[][] Score(
        Transformer model, IReadOnlyList<PromptExample> examples, int maxTokens, Func<ForestBatch, Tensor> score)
    {
        using var off = no_grad();
        int[] sizes = [.. examples.Select(e => e.Tokens)];
        double[][] results = new double[examples.Count][];
        if (sizes.Length == 0) return results;
        foreach (int[] pass in BatchPlan.Cut(BatchPlan.LongestFirst(sizes), sizes, Math.Max(maxTokens, sizes.Max())))
        {
            using var scope = NewDisposeScope();
            PromptExample[] own = [.. pass.Select(i => examples[i])];
            float[] values = score(ForestBatch.Of(own, model.Config.PrefixBoundary)).cpu().data<float>().ToArray();
            int at = 0;
            foreach (int index in pass)
            {
                int count = examples[index].Answers.Length;
                results[index] = [.. values.AsSpan(at, count).ToArray().Select(v => (double)v)];
                at += count;
            }
        }
        return results;
    }
}
