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
internal static class RewardModelJudge
{
    // Below these, online DPO was seen to raise the reward while the answers got worse.
    private const double LeastAccuracy = 0.6, LeastBestOf8 = 0.55;

    /// <summary>With fewer pairs the interval is so wide that luck decides the verdict.</summary>
    internal const int LeastPairs = 50;

    /// <param name="sampled">Nine SFT answers to each held-out prompt, scored by the reward model: eight to choose from and one to beat.
    /// Null without a gold judge.</param>
    public static RewardModelResult Judge(
        Transformer rewardModel, RunInputs inputs, IReadOnlyList<SampleRow>? sampled, int maxTokens, ulong seed, int resamples)
    {
        double[] correct = Correct(rewardModel, inputs.PreferencesHeldOut, maxTokens);
        Interval accuracy = WinRate.Of(correct);
        FeatureAccuracy[] features = [.. inputs.Counterfactuals.GroupBy(c => c.Feature).Select(group =>
        {
            double[] right = Correct(rewardModel, [.. group.Select(c => c.Example)], maxTokens);
            return new FeatureAccuracy(group.Key, WinRate.Of(right), right.Length);
        })];
        (Interval? correlation, Interval? bestOf8) = (null, null);
        if (inputs.Gold is { } gold && sampled is not null)
        {
            double[][] golds = [.. sampled.Select(
                r => r.Responses.Select((a, k) => gold(r.Prompt, a, r.FinishReasons![k] == FinishReasons.Stop)).ToArray())];
            double[][] rewards = [.. sampled.Select(r => r.Rewards!)];
            correlation = Correlation.WithinPrompt(rewards, golds, Seeds.Derive(seed, "correlation"), resamples);
            double[] wins =
                BestOfN.Preferences([.. rewards.Select(r => r[..^1])], [.. golds.Select(g => g[..^1])], [.. golds.Select(g => g[^1])]);
            bestOf8 = WinRate.Of(wins);
        }
        (RewardModelVerdict verdict, string reason) = Verdict(accuracy, correct.Length, bestOf8, features);
        return new RewardModelResult
        {
            Accuracy = accuracy,
            Pairs = correct.Length,
            LongerWins = WinRate.Of(WinRate.Preferences(
                [.. inputs.PreferencesHeldOut.Select(p => (double)p.Chosen.Length)],
                [.. inputs.PreferencesHeldOut.Select(p => (double)p.Rejected.Length)])),
            Counterfactual = features,
            WithinPromptCorrelation = correlation,
            BestOf8WinRate = bestOf8,
            StrongEnough = verdict == RewardModelVerdict.Strong,
            TooFew = verdict == RewardModelVerdict.TooFew,
            Verdict = reason,
        };
    }

    /// <summary>1 where the better answer has the higher reward, one half where they are equal.</summary>
    private static double[] Correct(Transformer rewardModel, IReadOnlyList<PreferenceExample> pairs, int maxTokens) =>
        [.. AnswerScores.Rewards(rewardModel, [.. pairs.Select(p => new PromptExample(p.Prompt, [p.Chosen, p.Rejected]))], maxTokens)
            .Select(r => r[0] > r[1] ? 1 : r[0] < r[1] ? 0 : 0.5)];

    /// <summary>Drawn from the bound that is against the reward model.</summary>
    internal static (RewardModelVerdict Verdict, string Reason) Verdict(
        Interval accuracy, int pairs, Interval? bestOf8, IReadOnlyList<FeatureAccuracy> features)
    {
        string blind = string.Join(", ", features.Where(f => f.Accuracy.Low <= 0.5).Select(f => f.Feature));
        string blindness = blind.Length == 0 ? "" : $" It does not see: {blind}.";
        string right = $"ight on {100 * accuracy.Value:F0}% [{100 * accuracy.Low:F0}, {100 * accuracy.High:F0}] of {pairs} unseen pairs";
        // What is below the bar with all its interval is weak, however few the pairs are.
        if (pairs < LeastPairs && accuracy.High > LeastAccuracy)
            return (RewardModelVerdict.TooFew, $"Too few to tell: r{right}; {LeastPairs} are the least for a verdict." + blindness);
        if (accuracy.Low <= LeastAccuracy)
            return (RewardModelVerdict.Weak, $"R{right}: the interval reaches down to {100 * accuracy.Low:F0}%." + blindness);
        if (bestOf8 is { } best && best.Low <= LeastBestOf8)
            return (RewardModelVerdict.Weak,
                $"The best of eight by its choice wins only {100 * best.Value:F0}% by the gold judge." + blindness);
        return (RewardModelVerdict.Strong, $"R{right}." + blindness);
    }
}

/// <summary>Whether a reward model may be optimised against.</summary>
internal enum RewardModelVerdict
{
    Strong,
    Weak,
    TooFew,
}
