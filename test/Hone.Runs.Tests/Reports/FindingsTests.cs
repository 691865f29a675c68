using Hone.Evaluation;

namespace Hone.Runs.Tests;

public class FindingsTests
{
    [Theory]
    [InlineData(0.60, 0.55, 0.65, "beats SFT")]
    [InlineData(0.53, 0.49, 0.57, "cannot be told apart from SFT")]
    [InlineData(0.40, 0.35, 0.45, "loses to SFT")]
    public void No_more_is_claimed_than_the_interval_allows(double value, double low, double high, string expected)
    {
        RunResults results = FakeRun.Results();
        ResultRow released = results.Rows[^1] with { GoldWinRate = new Interval(value, low, high) };
        Assert.Contains(expected, Findings.Sentences(results with { Rows = [results.Rows[0], released] })[0], StringComparison.Ordinal);
    }

    [Fact]
    public void A_lost_head_to_head_is_said() =>
        Assert.Contains(Findings.Sentences(FakeRun.Results()),
            s => s.StartsWith("Head to head online-dpo-3 loses to offline-dpo (gold judge): win rate 36.8%", StringComparison.Ordinal));

    [Fact]
    public void Over_optimisation_is_said_when_and_only_when_it_happens()
    {
        RunResults results = FakeRun.Results();
        Assert.DoesNotContain(Findings.Sentences(results), s => s.Contains("Over-optimisation", StringComparison.Ordinal));
        ResultRow fallen = results.Rows[^1] with { GoldReward = new Interval(3.0, 2.9, 3.1), RmReward = new Interval(2.5, 2.4, 2.6) };
        string said = Assert.Single(Findings.Sentences(results with { Rows = [.. results.Rows.SkipLast(1), fallen] }),
            s => s.Contains("Over-optimisation", StringComparison.Ordinal));
        Assert.Contains("from online-dpo-2 to online-dpo-3", said, StringComparison.Ordinal);
    }

    /// <summary>One offline policy at a large KL suggested that online DPO gets the same for less: it is compared at its own KL.</summary>
    [Theory]
    [InlineData(0.80, "the two cannot be told apart")]
    [InlineData(0.60, "online DPO is ahead of it")]
    [InlineData(0.95, "online DPO is behind it")]
    public void Online_is_compared_with_offline_at_the_same_KL(double offline, string verdict)
    {
        RunResults results = FakeRun.Results();
        ResultRow online = results.Rows.Single(r => r.Selected), far = results.Rows.Single(r => r.Name == "offline-dpo");
        ResultRow near = far with
        {
            Name = "offline-dpo-beta-0-5",
            Kl = online.Kl,
            GoldWinRate = new Interval(offline, offline - 0.03, offline + 0.03),
        };
        Assert.DoesNotContain(Findings.Sentences(results), s => s.Contains("interpolated", StringComparison.Ordinal));
        string said = Assert.Single(Findings.Sentences(results with { Rows = [.. results.Rows, near] }),
            s => s.Contains("interpolated over its betas", StringComparison.Ordinal));
        Assert.EndsWith(verdict + ".", said, StringComparison.Ordinal);
    }

    [Fact]
    public void Releasing_sft_is_said()
    {
        RunResults results = FakeRun.Results();
        Assert.Contains("SFT itself was selected",
            Findings.Sentences(results with { Rows = [results.Rows[0] with { Selected = true }] })[0], StringComparison.Ordinal);
    }

    /// <summary>An estimated KL below zero was interpolated beyond SFT, to an interval whose ends were in the wrong order.</summary>
    [Fact]
    public void A_KL_below_zero_is_not_compared()
    {
        RunResults results = FakeRun.Results();
        ResultRow far = results.Rows.Single(r => r.Name == "offline-dpo");
        ResultRow[] rows = [.. results.Rows.Select(r => r.Selected ? r with { Kl = new Interval(-0.02, -0.09, 0.04) } : r),
            far with { Name = "offline-dpo-beta-2", Kl = new Interval(0.1, -0.1, 0.3) }];
        IReadOnlyList<string> said = Findings.Sentences(results with { Rows = rows });
        Assert.DoesNotContain(said, s => s.Contains("interpolated", StringComparison.Ordinal));
        Assert.Contains(said, s => s.Contains("cannot be told from SFT by its KL", StringComparison.Ordinal));
    }
}
