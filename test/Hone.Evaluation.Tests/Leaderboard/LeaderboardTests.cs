using System.Text.RegularExpressions;

namespace Hone.Evaluation.Tests;

public sealed class LeaderboardTests
{
    private static readonly LeaderboardRow s_online = Leaderboard.Published.Single(r => r.Table == "chat"
        && r.Model == "SFR (Online RLHF)");

    [Fact]
    public void Published_rows_are_those_of_the_card()
    {
        string card = File.ReadAllText(SharedData.Require("model-card/Llama-3-8B-SFR-Iterative-DPO-R.md"));
        List<double[]> rows = [.. card.Split('\n').Where(l => l.StartsWith('|'))
            .Select(l => l.Split('|', StringSplitOptions.TrimEntries)[1..^1])
            .Where(c => c.Skip(3).Any(x => Regex.IsMatch(x, @"^\**\d")))
            .Select(c => c.Skip(3).Select(x => x.Trim('*')).Select(x => x == "-" ? double.NaN : double.Parse(x)).ToArray())];
        Assert.Equal(24, rows.Count);
        Assert.Equal(rows, Leaderboard.Published.Select(r => Leaderboard.Benchmarks.Where(b => b.Table == r.Table)
            .Select(b => r.Scores.TryGetValue(b.Name, out double v) ? v : double.NaN).ToArray()));
    }

    [Fact]
    public void The_cards_claim_to_beat_models_of_its_size_holds_where_there_are_figures()
    {
        IReadOnlyList<LeaderboardClaim> claims = LeaderboardClaim.Check(s_online, Leaderboard.Small, Leaderboard.Published);
        Assert.All(claims, c => Assert.True(c.BeatsAll));
        Assert.Equal([6, 6, 4], claims.Select(c => c.Beaten.Count));
        Assert.Equal(["Zephyr-7B-beta", "Open-Chat-0106"], claims[2].Missing);
    }

    [Fact]
    public void The_cards_claims_against_large_models_are_counted_without_the_missing()
    {
        IReadOnlyList<LeaderboardClaim> claims = LeaderboardClaim.Check(s_online, Leaderboard.Large, Leaderboard.Published);
        Assert.Equal([(5, 1, 0), (3, 2, 1), (4, 2, 0)], claims.Select(c => (c.Beaten.Count, c.NotBeaten.Count, c.Missing.Count)));
        Assert.All(claims, c => Assert.True(c.BeatsMost && !c.BeatsAll));
    }

    [Fact]
    public void Equal_is_not_better()
    {
        LeaderboardRow row = s_online with
        {
            Model = "mine",
            Group = LeaderboardTable.OwnGroup,
            Scores = new Dictionary<string, double> { ["mt_bench"] = 8.16 }
        };
        LeaderboardClaim claim = Assert.Single(LeaderboardClaim.Check(row, Leaderboard.Small, Leaderboard.Published));
        Assert.Equal(["LLaMA-3-8B-it"], claim.NotBeaten);
        Assert.False(claim.BeatsAll);
    }

    [Fact]
    public void A_group_without_figures_supports_no_claim()
    {
        LeaderboardRow row = s_online with { Model = "mine", Scores = new Dictionary<string, double> { ["arena_hard"] = 99 } };
        LeaderboardRow[] others = [s_online with { Group = "x", Model = "o", Scores = new Dictionary<string, double>() }];
        LeaderboardClaim claim = Assert.Single(LeaderboardClaim.Check(row, "x", others));
        Assert.False(claim.BeatsAll);
        Assert.False(claim.BeatsMost);
    }

    [Fact]
    public void Own_rows_stand_in_the_table_with_a_dash_for_what_was_not_measured()
    {
        string text = LeaderboardTable.Render([new LeaderboardRow("academic", LeaderboardTable.OwnGroup, "mine", "8B", "Iterative DPO",
            new Dictionary<string, double> { ["mmlu"] = 65.04 })]);
        Assert.Matches(@"\| mine +\| 8B +\| Iterative DPO +\| +- \| 65\.0 \| +- \|", text);
        Assert.Contains("MMLU: mine against Small Open-Sourced Models: above 0 of 1, not above LLaMA-3-8B-it",
            text, StringComparison.Ordinal);
    }
}
