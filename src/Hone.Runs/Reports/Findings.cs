using Hone.Evaluation;

namespace Hone.Runs;

/// <summary>What the run found, in sentences that claim no more than the intervals allow.</summary>
internal static class Findings
{
    public static IReadOnlyList<string> Sentences(RunResults results)
    {
        List<string> sentences = [];
        if (results.Rows.Count == 0)
        {
            if (results.RewardModel is { } model) sentences.Add(Accuracy(model));
            else sentences.AddRange(results.Stages.Where(s => s.HeldOut.ContainsKey("loss")).Select(HeldOut));
            return sentences;
        }
        string judge = results.HasGold ? "the gold judge" : "the reward model itself (no gold judge here)";
        ResultRow? released = results.Rows.FirstOrDefault(row => row.Selected);
        if (released is null) sentences.Add("No policy was selected for release.");
        else if ((results.HasGold ? released.GoldWinRate : released.RmWinRate) is { } raw && released.Name != "sft")
        {
            string kl = released.Kl is { } k ? $", at a KL of {Format.Number(k.Value, 2)} nats to SFT" : "";
            string prompts = results.TestPrompts > 0 ? $" on {Format.Count(results.TestPrompts)} held-out prompts" : "";
            sentences.Add($"The released policy, {released.Name}, {Verdict(raw)} SFT{prompts} by {judge}: win rate {Percent(raw)}{kl}.");
            if ((results.HasGold ? released.LcGoldWinRate : released.LcRmWinRate) is { } lc)
                sentences.Add($"At equal length it {Verdict(lc)} SFT: length-controlled win rate {Percent(lc)}.");
        }
        else if (released.Name == "sft") sentences.Add("SFT itself was selected: no trained policy did better on the selection prompts.");
        else sentences.Add($"The released policy is {released.Name}.");

        if (results.HeadToHead is { } duel)
        {
            string by = duel.JudgedBy == "gold" ? "gold judge" : "reward model";
            string lc = duel.LcWinRate is { } controlled ? $", length-controlled {Percent(controlled)}" : "";
            sentences.Add($"Head to head {duel.Name} {Verdict(duel.WinRate)} {duel.Against} ({by}): win rate {Percent(duel.WinRate)}{lc}.");
        }
        if (Frontiers.Sentence(results) is { } frontiers) sentences.Add(frontiers);
        if (OverOptimised(results) is { } sign) sentences.Add(sign);
        return sentences;
    }

    private static string HeldOut(StageResult stage)
    {
        string ranked = stage.Ranked is { } right
            ? $", and {Format.PercentWithInterval(right)} % of {Format.Count(stage.Pairs)} pairs are ranked as labelled"
                + (stage.Pairs < 50 ? ", which are too few to tell much" : "")
            : "";
        return $"{stage.Name}: after {Format.Count(stage.Steps)} steps the loss on held-out rows is "
            + $"{Format.Number(stage.HeldOut["loss"], 4)}{ranked}.";
    }

    internal static Html Render(RunResults results)
    {
        bool weak = results.RewardModel is { StrongEnough: false };
        IEnumerable<Html> lines = Sentences(results).Select(s => Html.Of($"<p>{s}</p>"));
        Html warning = weak ? Warning(results.RewardModel!) : Html.Empty;
        if (!weak && !lines.Any()) return Html.Empty;
        return Html.Of($"<div class=\"finding{(weak ? " weak" : "")}\">{Html.Join(lines)}{warning}</div>");
    }

    /// <summary>Reward of the model rising while gold reward falls, from one iteration to the next beyond both intervals.</summary>
    private static string? OverOptimised(RunResults results)
    {
        ResultRow[] path = [.. results.Rows.Where(row => row.Name == "sft" || row.Name.StartsWith("online", StringComparison.Ordinal))];
        for (int i = 1; i < path.Length; i++)
        {
            if (path[i].GoldReward is not { } gold || path[i - 1].GoldReward is not { } goldBefore) continue;
            if (path[i].RmReward is not { } rm || path[i - 1].RmReward is not { } rmBefore) continue;
            if (rm.Low > rmBefore.High && gold.High < goldBefore.Low)
                return $"Over-optimisation: from {path[i - 1].Name} to {path[i].Name} the reward model's score rose while the gold "
                    + $"reward fell, beyond both intervals.";
        }
        return null;
    }

    private static string Accuracy(RewardModelResult model) =>
        $"The reward model is right on {Percent(model.Accuracy)} of {Format.Count(model.Pairs)} unseen pairs"
        + (model.LongerWins is { } longer ? $"; the rule that the longer answer is the better one, on {Percent(longer)}." : ".");

    private static string Verdict(Interval winRate) =>
        winRate.IsAbove(0.5) ? "beats" : winRate.IsBelow(0.5) ? "loses to" : "cannot be told apart from";

    private static string Percent(Interval rate) =>
        $"{Format.Percent(rate.Value)}% [{Format.Percent(rate.Low)}, {Format.Percent(rate.High)}]";

    private static Html Warning(RewardModelResult judged)
    {
        string inSentence = char.ToLowerInvariant(judged.InShort[0]) + judged.InShort[1..];
        return Html.Of($"<p><strong>The reward model: {inSentence}</strong>: {judged.Verdict}</p>");
    }
}
