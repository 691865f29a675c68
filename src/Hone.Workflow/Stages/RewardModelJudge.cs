using Hone.Data;
using Hone.Evaluation;
using Hone.Inference;
using Hone.Models;
using Hone.Runs;

namespace Hone.Workflow;

/// <summary>
/// Judges the reward model before anything is optimised against it. Accuracy on random pairs hides a feature that was
/// not learnt; so, where the truth is known, it is also judged feature by feature and by what it picks out of eight.
/// </summary>
public static class RewardModelJudge
{
    // Below these, online DPO was seen to raise the reward while the answers got worse.
    private const double LeastAccuracy = 0.6, LeastBestOf8 = 0.55;

    /// <param name="sampled">Nine SFT answers to each held-out prompt, scored by the reward model: eight to choose from and one to beat. Null without a gold judge.</param>
    public static RewardModelResult Judge(
        Transformer rewardModel, RunInputs inputs, IReadOnlyList<SampleRow>? sampled, int maxTokens, ulong seed, int resamples)
    {
        double[] correct = Correct(rewardModel, inputs.PreferencesHeldOut, maxTokens);
        Interval accuracy = Bootstrap.Mean(correct, Seeds.Derive(seed, "accuracy"), resamples);
        FeatureAccuracy[] features = [.. inputs.Counterfactuals.GroupBy(c => c.Feature).Select(group =>
        {
            double[] right = Correct(rewardModel, [.. group.Select(c => c.Example)], maxTokens);
            return new FeatureAccuracy(group.Key, Bootstrap.Mean(right, Seeds.Derive(seed, group.Key), resamples), right.Length);
        })];
        (Interval? correlation, Interval? bestOf8) = (null, null);
        if (inputs.Gold is { } gold && sampled is not null)
        {
            double[][] golds = [.. sampled.Select(r => r.Responses.Select((a, k) => gold(r.Prompt, a, r.FinishReasons![k] == FinishReasons.Stop)).ToArray())];
            double[][] rewards = [.. sampled.Select(r => r.Rewards!)];
            correlation = Correlation.WithinPrompt(rewards, golds, Seeds.Derive(seed, "correlation"), resamples);
            double[] wins = BestOfN.Preferences([.. rewards.Select(r => r[..^1])], [.. golds.Select(g => g[..^1])], [.. golds.Select(g => g[^1])]);
            bestOf8 = Bootstrap.Mean(wins, Seeds.Derive(seed, "best of 8"), resamples);
        }
        (bool strong, string verdict) = Verdict(accuracy, bestOf8, features);
        return new RewardModelResult
        {
            Accuracy = accuracy,
            Pairs = correct.Length,
            LongerWins = Bootstrap.Mean([.. inputs.PreferencesHeldOut.Select(p => p.Chosen.Length > p.Rejected.Length ? 1 : p.Chosen.Length < p.Rejected.Length ? 0 : 0.5)],
                Seeds.Derive(seed, "longer wins"), resamples),
            Counterfactual = features,
            WithinPromptCorrelation = correlation,
            BestOf8WinRate = bestOf8,
            StrongEnough = strong,
            Verdict = verdict,
        };
    }

    /// <summary>1 where the better answer has the higher reward, one half where they are equal.</summary>
    private static double[] Correct(Transformer rewardModel, IReadOnlyList<PreferenceExample> pairs, int maxTokens) =>
        [.. AnswerScores.Rewards(rewardModel, [.. pairs.Select(p => new PromptExample(p.Prompt, [p.Chosen, p.Rejected]))], maxTokens)
            .Select(r => r[0] > r[1] ? 1 : r[0] < r[1] ? 0 : 0.5)];

    private static (bool Strong, string Verdict) Verdict(Interval accuracy, Interval? bestOf8, IReadOnlyList<FeatureAccuracy> features)
    {
        string blind = string.Join(", ", features.Where(f => f.Accuracy.Low <= 0.5).Select(f => f.Feature));
        string blindness = blind.Length == 0 ? "" : $" It does not see: {blind}.";
        if (accuracy.Low <= LeastAccuracy)
            return (false, $"Right on {100 * accuracy.Value:F0}% of unseen pairs, and the interval reaches down to {100 * accuracy.Low:F0}%." + blindness);
        if (bestOf8 is { } best && best.Low <= LeastBestOf8)
            return (false, $"The best of eight by its choice wins only {100 * best.Value:F0}% by the gold judge." + blindness);
        return (true, $"Right on {100 * accuracy.Value:F0}% of unseen pairs." + blindness);
    }
}
