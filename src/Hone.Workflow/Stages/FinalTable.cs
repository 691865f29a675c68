using Hone.Data;
using Hone.Evaluation;
using Hone.Runs;

namespace Hone.Workflow;

/// <summary>The final table: every policy against SFT on the same prompts, each figure with its interval over prompts.</summary>
internal static class FinalTable
{
    /// <param name="policy">The row.</param>
    /// <param name="sft">What win rates are against; against itself SFT wins one half by definition.</param>
    public static ResultRow Row(PolicyAnswers policy, PolicyAnswers sft, ulong seed, int resamples, bool selected)
    {
        (Interval win, Interval lc) = policy == sft ? (Interval.Exact(0.5), Interval.Exact(0.5)) : WinRates(policy, sft, seed, resamples);
        bool gold = policy.Gold is not null;
        ulong Named(string figure) => Seeds.Derive(seed, $"{policy.Name} {figure}");
        return new ResultRow
        {
            Name = policy.Name,
            GoldWinRate = gold ? win : null,
            LcGoldWinRate = gold ? lc : null,
            RmWinRate = gold ? null : win,
            LcRmWinRate = gold ? null : lc,
            GoldReward = gold ? Bootstrap.Mean(policy.Gold!, Named("gold"), resamples) : null,
            RmReward = Bootstrap.Mean(policy.Rewards, Named("reward"), resamples),
            Kl = policy == sft ? Interval.Exact(0)
                : policy.LogRatios.Length == 0 ? null
                : Bootstrap.Mean(policy.LogRatios, Named("kl"), resamples),
            HumanLogProb = policy.HumanLogProbs is { } human ? Bootstrap.Mean(human, Named("human log p"), resamples) : null,
            Length = Bootstrap.Mean([.. policy.TokenCounts.Select(c => (double)c)], Named("length"), resamples),
            EosRate = policy.EosRate,
            DuplicateRate = policy.DuplicateRate,
            Selected = selected,
        };
    }

    /// <summary>The selected online policy against the offline one.</summary>
    public static HeadToHead HeadToHead(PolicyAnswers policy, PolicyAnswers against, ulong seed, int resamples)
    {
        (Interval win, Interval lc) = WinRates(policy, against, seed, resamples);
        return new HeadToHead(policy.Name, against.Name, policy.Gold is null ? "reward_model" : "gold", win, lc);
    }

    /// <summary>Win rate (ties count half) and length-controlled win rate.</summary>
    public static (Interval Win, Interval LengthControlled) WinRates(
        PolicyAnswers policy, PolicyAnswers baseline, ulong seed, int resamples)
    {
        double[] preferences = [.. policy.Scores.Zip(baseline.Scores, (a, b) => a > b ? 1.0 : a < b ? 0 : 0.5)];
        ulong Named(string figure) => Seeds.Derive(seed, $"{policy.Name} against {baseline.Name}: {figure}");
        return (WinRate.Of(preferences),
            LengthControlledWinRate.Of(preferences, policy.TokenCounts, baseline.TokenCounts,
                Named("length-controlled"), resamples: Math.Min(resamples, LengthControlledWinRate.DefaultResamples)));
    }
}
