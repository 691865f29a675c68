using Hone.Data;
using Hone.Inference;
using Hone.Models;

namespace Hone.Workflow;

/// <summary>Rewards of sampled answers. The reward model may have another tokenizer than the policy; then texts are rendered anew.</summary>
public static class RewardScoring
{
    /// <summary>The same rows with <c>rewards</c> [K], counts in = counts out.</summary>
    public static IReadOnlyList<SampleRow> Score(Llama rewardModel, ModelText rewardText, bool sameTokenizer, IReadOnlyList<SampleRow> rows, int maxTokens)
    {
        SampleExample[] examples = [.. rows.Select(row => rewardText.Examples.Sample(sameTokenizer ? row : row with { PromptIds = null, ResponseIds = null }))];
        double[][] rewards = AnswerScores.Rewards(rewardModel, examples, maxTokens);
        return [.. rows.Select((row, i) => row with { Rewards = rewards[i] })];
    }
}
