using CsCheck;

namespace Hone.Data.Tests;

public class PairBuilderTests
{
    private static readonly PairOptions s_default = new();

    private static PairRow? Build(SampleRow row, PairOptions options, out DataReport report) =>
        PairBuilder.Build(row, options, report = new DataReport("samples.jsonl"), "samples.jsonl:1");

    [Theory]
    [InlineData(PairRule.MaxMin, 1, 3)]
    [InlineData(PairRule.MaxSecond, 1, 2)]
    [InlineData(PairRule.MaxRandom, 1, 0)]
    public void The_rules_of_the_public_pipeline(PairRule rule, int chosen, int rejected)
    {
        PairRow pair = Build(TestRows.Sample([0.5, 2, 1, -1]), new PairOptions(rule), out DataReport report)!;
        Assert.Equal(($"answer {chosen}", $"answer {rejected}"), (pair.Chosen, pair.Rejected));
        Assert.Equal(pair.RewardChosen - pair.RewardRejected, pair.Margin);
        Assert.Equal((1, 1), (report.Read, report.Kept));
    }

    [Fact]
    public void Max_random_takes_the_second_answer_when_the_first_is_best() =>
        Assert.Equal("answer 1", Build(TestRows.Sample([2, 1, 0]), new PairOptions(PairRule.MaxRandom), out _)!.Rejected);

    [Fact]
    public void Equal_rewards_take_the_first_index()
    {
        PairRow pair = Build(TestRows.Sample([1, 3, 0, 3, 0]), s_default, out _)!;
        Assert.Equal(("answer 1", "answer 2"), (pair.Chosen, pair.Rejected));
    }

    [Theory]
    [InlineData(PairRule.MaxMin, new[] { 1.0, 1, 1 })]
    [InlineData(PairRule.MaxSecond, new[] { 3.0, 1, 3 })]
    [InlineData(PairRule.MaxRandom, new[] { 3.0, 3, 1 })]
    public void Ties_are_dropped_and_counted(PairRule rule, double[] rewards)
    {
        Assert.Null(Build(TestRows.Sample(rewards), new PairOptions(rule), out DataReport report));
        Assert.Equal(1, report.Dropped[DropReason.Tie]);
    }

    [Fact]
    public void The_pair_carries_prompt_ids_and_rewards()
    {
        SampleRow row = TestRows.Sample([1, 2], ["x", "y"], ids: [[4, 2], [5, 2]]) with { PromptIds = [1, 9] };
        PairRow pair = Build(row, s_default, out _)!;
        Assert.Equal(row.Prompt, pair.Prompt);
        Assert.Equal([1, 9], pair.PromptIds!);
        Assert.Equal([5, 2], pair.ChosenIds!);
        Assert.Equal([4, 2], pair.RejectedIds!);
        Assert.Equal((2.0, 1.0), (pair.RewardChosen, pair.RewardRejected));
        Assert.Null(pair.ReferenceChosenLogp);
    }

    /// <summary>Paper eq. 9 with lambda 0.001 per character: 2 - 1.5 = 0.5 loses against 1 - 0.1 = 0.9.</summary>
    [Fact]
    public void Golden_length_penalty_per_character()
    {
        SampleRow row = TestRows.Sample([2, 1, 0.95], [new string('a', 1500), new string('b', 100), new string('c', 100)]);
        PairOptions options = new(LengthPenalty: 0.001);
        double[] rewards = PairBuilder.PenalisedRewards(row, options, "here");
        Assert.Equal([0.5, 0.9, 0.85], rewards.Select(r => Math.Round(r, 12)));
        PairRow pair = Build(row, options, out _)!;
        Assert.Equal((row.Responses[1], row.Responses[0]), (pair.Chosen, pair.Rejected));
        Assert.Equal(0.4, pair.Margin!.Value, 12);
        Assert.Equal((1.0, 2.0), (pair.RewardChosen, pair.RewardRejected));
    }

    /// <summary>
    /// Trap 12: the public code lets raw rewards decide ties and order, which undoes the penalty. Here a raw tie that the
    /// penalty breaks is a pair, a penalised tie that raw rewards would break is none, and the order is the penalised one.
    /// </summary>
    [Fact]
    public void Trap_12_the_penalised_reward_decides_throughout()
    {
        PairOptions options = new(LengthPenalty: 1, LengthUnit: LengthUnit.Tokens);
        int[][] ids = [[4, 4, 4], [5]];
        PairRow pair = Build(TestRows.Sample([1, 1], ids: ids), options, out _)!;
        Assert.Equal(("answer 1", 2.0), (pair.Chosen, pair.Margin));

        Assert.Null(Build(TestRows.Sample([3, 1], ids: ids), options, out DataReport report));
        Assert.Equal(1, report.Dropped[DropReason.Tie]);

        pair = Build(TestRows.Sample([2.5, 1], ids: ids), options, out _)!;
        Assert.Equal("answer 1", pair.Chosen);
        Assert.True(pair.RewardChosen < pair.RewardRejected && pair.Margin > 0);
    }

    /// <summary>Trap 13: the unit is in the option's name; characters are code points, tokens those sampled.</summary>
    [Fact]
    public void Trap_13_characters_and_tokens_are_two_options()
    {
        // "e" with an accent, and a family of three joined by two joiners: 1 and 5 code points, 1 and 8 UTF-16 units.
        SampleRow row = TestRows.Sample([0, 0], ["é", "👨‍👩‍👧"], ids: [[7, 8, 9], [7, 2]]);
        Assert.Equal([-1.0, -5], PairBuilder.PenalisedRewards(row, new PairOptions(LengthPenalty: 1), "here"));
        Assert.Equal([-3.0, -2],
            PairBuilder.PenalisedRewards(row, new PairOptions(LengthPenalty: 1, LengthUnit: LengthUnit.Tokens), "here"));
        Assert.Contains("needs `response_ids`", Assert.Throws<InputException>(
            () => PairBuilder.PenalisedRewards(
                row with { ResponseIds = null }, new PairOptions(LengthPenalty: 1, LengthUnit: LengthUnit.Tokens), "here")).Message);
    }

    /// <summary>Trap 11: K = 4 sampled and K = 8 expected made the public script skip every row. K is the row's own.</summary>
    [Fact]
    public void Trap_11_k_is_read_from_the_row()
    {
        DataReport report = new("samples.jsonl");
        IReadOnlyList<PairRow> pairs = PairBuilder.Build(
            [TestRows.Sample([1, 2, 3, 4]), TestRows.Sample([8, 7, 6, 5, 4, 3, 2, 1]), TestRows.Sample([1]), TestRows.Sample([])],
                s_default, report);
        Assert.Equal(["answer 3", "answer 0"], pairs.Select(p => p.Chosen));
        Assert.Equal(2, report.Dropped[DropReason.TooFewAnswers]);
    }

    /// <summary>Trap 11: rows that all give nothing stop the run with the reasons, not with a crash further on.</summary>
    [Fact]
    public void Trap_11_no_pair_at_all_is_an_error_with_the_reasons()
    {
        InputException e = Assert.Throws<InputException>(
            () => PairBuilder.Build([TestRows.Sample([1, 1]), TestRows.Sample([1])], s_default, new DataReport("samples.jsonl")));
        Assert.Contains("samples.jsonl: none of the 2 rows can be used (tie 1, too_few_answers 1)", e.Message);
        Assert.Empty(PairBuilder.Build([], s_default, new DataReport("samples.jsonl")));
    }

    /// <summary>Trap 9: no remainder is lost: rows in = pairs + dropped, for every number of rows.</summary>
    [Fact]
    public void Trap_9_counts_in_are_counts_out()
    {
        for (int n = 1; n <= 17; n++)
        {
            DataReport report = new("samples.jsonl");
            IReadOnlyList<PairRow> pairs = PairBuilder.Build(
                [.. Enumerable.Range(0, n).Select(i => TestRows.Sample(i % 3 == 1 ? [1, 1] : [1, i + 2]))], s_default, report);
            Assert.Equal(n, report.Read);
            Assert.Equal(n, pairs.Count + report.DroppedCount);
            Assert.Equal(pairs.Count, report.Kept);
        }
    }

    [Fact]
    public void Unfinished_answers_can_be_left_out()
    {
        SampleRow row = TestRows.Sample([5, 4, 3, 1], finish: ["length", "stop", "stop", "length"]);
        PairRow pair = Build(row, new PairOptions(ExcludeUnfinished: true), out DataReport report)!;
        Assert.Equal(("answer 1", "answer 2"), (pair.Chosen, pair.Rejected));
        Assert.Equal(2, report.Changed[DropReason.UnfinishedExcluded]);
        Assert.Equal("answer 0", Build(row, s_default, out _)!.Chosen);

        Assert.Null(Build(row with { FinishReasons = ["length", "stop", "length", "length"] },
            new PairOptions(ExcludeUnfinished: true), out report));
        Assert.Equal(1, report.Dropped[DropReason.TooFewAnswers]);
        Assert.Throws<InputException>(() => Build(row with { FinishReasons = null }, new PairOptions(ExcludeUnfinished: true), out _));
    }

    [Fact]
    public void The_same_answer_with_two_rewards_is_no_pair()
    {
        Assert.Null(Build(TestRows.Sample([1, 2], ["same", "same"]), s_default, out DataReport report));
        Assert.Equal(1, report.Dropped[DropReason.IdenticalAnswers]);
        // The same text by other tokens is another answer.
        Assert.NotNull(Build(TestRows.Sample([1, 2], ["same", "same"], ids: [[4, 5], [6]]), s_default, out _));
    }

    [Theory]
    [InlineData(null, "no `rewards`")]
    [InlineData(new[] { 1.0 }, "2 responses but 1 rewards")]
    [InlineData(new[] { 1.0, double.NaN }, "reward of response 2 is NaN")]
    [InlineData(new[] { double.PositiveInfinity, 1.0 }, "reward of response 1 is ")]
    public void Rewards_that_are_none_are_errors(double[]? rewards, string what)
    {
        InputException e = Assert.Throws<InputException>(() => Build(TestRows.Sample([0, 0]) with { Rewards = rewards }, s_default, out _));
        Assert.Contains(what, e.Message);
        Assert.Equal("samples.jsonl:1", e.Where);
    }

    /// <summary>Against a plain search over all ordered pairs, on rewards that collide often.</summary>
    [Fact]
    public void Max_min_equals_the_largest_gap_of_all_pairs() =>
        Gen.Select(Gen.Int[-2, 2], Gen.Int[0, 3]).Array[0, 7].Sample(answers =>
        {
            SampleRow row = TestRows.Sample(
                [.. answers.Select(a => (double)a.Item1)], [.. answers.Select((a, i) => new string((char)('a' + i), a.Item2 + 1))]);
            double[] penalised = [.. answers.Select(a => a.Item1 - 0.5 * (a.Item2 + 1))];
            (double Gap, int Chosen, int Rejected) best = (0, -1, -1);
            for (int c = 0; c < answers.Length; c++)
            {
                for (int r = 0; r < answers.Length; r++)
                {
                    if (penalised[c] - penalised[r] > best.Gap) best = (penalised[c] - penalised[r], c, r);
                }
            }
            PairRow? pair = Build(row, new PairOptions(LengthPenalty: 0.5), out _);
            Assert.Equal(best.Chosen < 0, pair is null);
            if (pair is null) return;
            Assert.Equal((row.Responses[best.Chosen], row.Responses[best.Rejected]), (pair.Chosen, pair.Rejected));
            Assert.Equal(best.Gap, pair.Margin!.Value, 12);
        }, iter: 2000);
}
