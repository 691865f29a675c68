using Hone.Data;
using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Inference;

/// <summary>Scores given answers under a model, without gradients: each prompt is computed once, however many answers hang from it.</summary>
public static class AnswerScores
{
    /// <summary>Summed log-probability of each answer given its prompt. [examples][K]</summary>
    public static double[][] LogProbs(Transformer model, IReadOnlyList<SampleExample> examples, int maxTokens) =>
        Score(examples, maxTokens, forest =>
        {
            Tensor logps = LogProbHead.LogProbs(model, model.Hidden(forest.Forest), forest.Scored);
            Tensor groups = tensor(forest.Scored.Groups.Select(g => (long)g).ToArray(), device: model.Device);
            return logps.SumByGroup(groups, forest.Groups);
        });

    /// <summary>Reward of each answer, read at its true last token. [examples][K]</summary>
    public static double[][] Rewards(Transformer rewardModel, IReadOnlyList<SampleExample> examples, int maxTokens) =>
        Score(examples, maxTokens, forest =>
        {
            long[] last = [.. forest.Forest.Segments.Where(s => s.Parent >= 0).Select(s => (long)(s.End - 1))];
            return rewardModel.Scores(rewardModel.Hidden(forest.Forest).index_select(0, tensor(last, device: rewardModel.Device)));
        });

    private static double[][] Score(IReadOnlyList<SampleExample> examples, int maxTokens, Func<ForestBatch, Tensor> score)
    {
        using var off = no_grad();
        int[] sizes = [.. examples.Select(ForestBatcher.Tokens)];
        double[][] results = new double[examples.Count][];
        if (sizes.Length == 0) return results;
        foreach (int[] pass in BatchPlan.Cut(BatchPlan.LongestFirst(sizes), sizes, Math.Max(maxTokens, sizes.Max())))
        {
            using var scope = NewDisposeScope();
            float[] values = score(ForestBatcher.Samples(examples, pass)).cpu().data<float>().ToArray();
            int at = 0;
            foreach (int index in pass)
            {
                int count = examples[index].Responses.Length;
                results[index] = [.. values.AsSpan(at, count).ToArray().Select(v => (double)v)];
                at += count;
            }
        }
        return results;
    }
}
