using Hone.Evaluation;

namespace Hone.Workflow.Tests.Stages;

/// <summary>A reward model is trusted by the bound that is against it, and on enough pairs.</summary>
public sealed class RewardModelVerdictTests
{
    [Theory]
    [InlineData(12, 12, "TooFew")] // "100.0 [100.0, 100.0] of 12: strong enough" once; Wilson's bound is 75.7
    [InlineData(49, 49, "TooFew")]
    [InlineData(50, 50, "Strong")]
    [InlineData(32, 50, "Weak")]
    [InlineData(0, 12, "Weak")] // the whole interval is below the bar
    [InlineData(330, 500, "Strong")]
    [InlineData(320, 500, "Weak")]
    public void Accuracy(int right, int pairs, string verdict)
    {
        Interval accuracy = WinRate.Of([.. Enumerable.Range(0, pairs).Select(i => i < right ? 1.0 : 0)]);
        (RewardModelVerdict said, string reason) = RewardModelJudge.Verdict(accuracy, pairs, null, []);
        Assert.Equal(verdict, said.ToString());
        Assert.Contains($"of {pairs} unseen pairs", reason, StringComparison.Ordinal);
        Assert.Equal(verdict == "TooFew", reason.StartsWith("Too few to tell", StringComparison.Ordinal));
    }

    [Fact]
    public void A_weak_choice_of_eight_is_weak_whatever_the_accuracy() => Assert.Equal(RewardModelVerdict.Weak,
        RewardModelJudge.Verdict(new Interval(0.9, 0.85, 0.95), 500, new Interval(0.6, 0.5, 0.7), []).Verdict);
}
