using Hone.Data;
using Hone.Inference;
using Hone.Models;

namespace Hone.Workflow;

/// <summary>
/// Rewards of sampled answers. The reward model may have another tokenizer than the policy; then texts are rendered anew.
/// </summary>
internal static class RewardScoring
{
    /// <summary>The same rows with <c>rewards</c> [K], counts in = counts out.</summary>
    public static IReadOnlyList<SampleRow> Score(
        Transformer rewardModel, ModelText rewardText, bool sameRendering, IReadOnlyList<SampleRow> rows, int maxTokens)
    {
        PromptExample[] examples =
            [.. rows.Select(row => rewardText.Examples.Sample(sameRendering ? row : row with { PromptIds = null, ResponseIds = null }))];
        double[][] rewards = AnswerScores.Rewards(rewardModel, examples, maxTokens);
        return [.. rows.Select((row, i) => row with { Rewards = rewards[i] })];
    }

    /// <summary>Whether the ids of every row mean in this model what its texts say; for files whose policy is not at hand.</summary>
    public static bool IdsMatchTexts(ModelText text, IReadOnlyList<SampleRow> rows)
    {
        int size = text.Tokenizer.VocabularySize;
        bool Known(int[] ids) => Array.TrueForAll(ids, id => id >= 0 && id < size);
        return rows.All(row => row is { PromptIds: { } prompt, ResponseIds: { } answers } && Known(prompt)
            && text.Examples.Prompt(row.Prompt).AsSpan().SequenceEqual(prompt)
            && answers.Zip(row.Responses).All(a => Known(a.First) && text.Decode(a.First) == a.Second));
    }
}
