using Hone.Data;
using Hone.Inference;
using Hone.Models;
using Hone.Workflow.Workers;

namespace Hone.Workflow;

/// <summary>
/// Rewards of sampled answers. The reward model may have another tokenizer than the policy; then texts are rendered anew.
/// </summary>
internal static class RewardScoring
{
    /// <summary>The same rows with <c>rewards</c> [K], counts in = counts out.</summary>
    public static IReadOnlyList<SampleRow> Score(
        Transformer rewardModel, ModelText rewardText, bool sameRendering, IReadOnlyList<SampleRow> rows, int maxTokens) =>
        With(rows, AnswerScores.Rewards(rewardModel, Examples(rewardText, sameRendering, rows), maxTokens));

    /// <summary>The same from workers, where there are some that serve a reward model.</summary>
    /// <param name="of">What the reward model was opened from.</param>
    /// <exception cref="InputException">A worker scores with other weights, or none answers.</exception>
    public static IReadOnlyList<SampleRow> Score(PretrainedModel reward, ModelRef of, bool sameRendering, IReadOnlyList<SampleRow> rows,
        int maxTokens, WorkerFleet? workers, CancellationToken cancel) => workers?.ServesRewards(cancel) == true
        ? With(rows, WorkerRewards.Score(
            workers, reward, WorkerTarget.Of(of), Examples(reward.Text, sameRendering, rows), maxTokens, cancel))
        : Score(reward.Model, reward.Text, sameRendering, rows, maxTokens);

    /// <summary>
    /// Rewards of both answers of pairs, in their order. A pair beyond the model's context keeps the end of its prompt; one whose
    /// answers alone do not fit is left out. Both are counted.
    /// </summary>
    public static IReadOnlyList<(string Subset, double Chosen, double Rejected)> Score(
        PretrainedModel reward, IReadOnlyList<(string Subset, Preference Pair)> pairs, int maxTokens, DataReport lengths)
    {
        ModelText text = reward.Text;
        var rule = new LengthRule(text.Context ?? int.MaxValue, Policy: LengthPolicy.KeepEndOfPrompt, BosId: text.Tokenizer.BosId);
        (string Subset, PromptExample Example)[] fitting = [.. pairs
            .Select(p => (p.Subset, Example: TrainingRows.Fit(p.Pair, text, rule, lengths)))
            .Where(p => p.Example is not null).Select(p => (p.Subset, PromptExample.FromPair(p.Example!)))];
        double[][] rewards = AnswerScores.Rewards(reward.Model, [.. fitting.Select(f => f.Example)], maxTokens);
        return [.. fitting.Select((f, i) => (f.Subset, rewards[i][0], rewards[i][1]))];
    }

    private static PromptExample[] Examples(ModelText text, bool sameRendering, IReadOnlyList<SampleRow> rows) =>
        [.. rows.Select(row => text.Examples.Sample(sameRendering ? row : row with { PromptIds = null, ResponseIds = null }))];

    private static SampleRow[] With(IReadOnlyList<SampleRow> rows, double[][] rewards) =>
        [.. rows.Select((row, i) => row with { Rewards = rewards[i] })];

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
