namespace Hone.Data.Tests;

public class LengthRuleTests
{
    private const int Bos = 1, Eos = 2;

    /// <summary>BOS then 100, 101, ...</summary>
    private static int[] Prompt(int length) => [Bos, .. Enumerable.Range(100, length - 1)];

    /// <summary>200, 201, ... then EOS.</summary>
    private static int[] Answer(int length) => [.. Enumerable.Range(200, length - 1), Eos];

    private static PreferenceExample Pair(int prompt, int chosen, int rejected) => new(Prompt(prompt), Answer(chosen), Answer(rejected));

    /// <summary>
    /// Golden cases of TRL 0.9.6 (recipe: 2048 in all, 1000 of prompt): prompt, chosen, rejected before and after.
    /// </summary>
    [Theory]
    [InlineData(1500, 548, 10, 1500, 548, 10)] // 2048 exactly: nothing is cut, though the prompt is over 1000
    [InlineData(1500, 549, 10, 1000, 549, 10)] // one more: the prompt keeps its last 1000
    [InlineData(1500, 1048, 10, 1000, 1048, 10)] // fits with the prompt cut
    [InlineData(1500, 2048, 1049, 1000, 1048, 1048)] // the long-prompt pair keeps 1000 + 1048
    [InlineData(500, 1548, 10, 500, 1548, 10)]
    [InlineData(500, 1549, 1100, 500, 1048, 1048)] // a short prompt still cuts both answers to 2048 - 1000
    [InlineData(1000, 1049, 5, 1000, 1048, 5)]
    public void Faithful_is_trl_0_9_6(int prompt, int chosen, int rejected, int promptAfter, int chosenAfter, int rejectedAfter)
    {
        PreferenceExample before = Pair(prompt, chosen, rejected);
        LengthRule rule = new(2048, 1000, LengthPolicy.Faithful, Bos);
        PreferenceExample after = rule.Apply(before, new DataReport("pairs"))!;
        Assert.Equal(before.Prompt[^promptAfter..], after.Prompt);
        Assert.Equal(before.Chosen[..chosenAfter], after.Chosen);
        Assert.Equal(before.Rejected[..rejectedAfter], after.Rejected);
    }

    /// <summary>Trap 14: what the faithful rules lose, BOS and EOS, is counted.</summary>
    [Fact]
    public void Trap_14_faithful_counts_what_it_loses()
    {
        LengthRule rule = new(2048, 1000, LengthPolicy.Faithful, Bos);
        DataReport report = new("pairs");
        rule.Apply(Pair(10, 10, 10), report);
        rule.Apply(Pair(1500, 600, 10), report);
        rule.Apply(Pair(1500, 1100, 10), report);
        rule.Apply(Pair(500, 1600, 10), report);
        Assert.Equal((4, 4), (report.Read, report.Kept));
        Assert.Equal(
            new Dictionary<string, int> { [DropReason.AnswerEndCut] = 2, [DropReason.BosCut] = 2, [DropReason.PromptStartCut] = 2 },
            report.Changed);
    }

    /// <summary>Trap 14: the default cuts nothing.</summary>
    [Theory]
    [InlineData(10, 6, 4, true, null)]
    [InlineData(10, 7, 4, false, DropReason.TooLong)]
    [InlineData(10, 4, 7, false, DropReason.TooLong)]
    [InlineData(12, 1, 1, true, null)]
    [InlineData(13, 1, 1, false, DropReason.PromptTooLong)]
    public void Trap_14_drop_keeps_rows_whole_or_leaves_them_out(int prompt, int chosen, int rejected, bool kept, string? reason)
    {
        PreferenceExample pair = Pair(prompt, chosen, rejected);
        DataReport report = new("pairs");
        Assert.Equal(kept ? pair : null, new LengthRule(16, 12, BosId: Bos).Apply(pair, report));
        Assert.Equal(reason, report.Dropped.Keys.SingleOrDefault());
        Assert.Empty(report.Changed);
    }

    /// <summary>Trap 14: the truncating policy keeps BOS and every answer whole.</summary>
    [Theory]
    [InlineData(10, 6, 4, 10)]
    [InlineData(20, 4, 6, 10)] // 16 - 6
    [InlineData(20, 2, 2, 12)] // the prompt's own limit
    [InlineData(20, 14, 2, 2)]
    public void Trap_14_keep_end_of_prompt_keeps_bos_and_answers(int prompt, int chosen, int rejected, int promptAfter)
    {
        PreferenceExample before = Pair(prompt, chosen, rejected);
        DataReport report = new("pairs");
        PreferenceExample after = new LengthRule(16, 12, LengthPolicy.KeepEndOfPrompt, Bos).Apply(before, report)!;
        Assert.Equal([Bos, .. before.Prompt[^(promptAfter - 1)..]], after.Prompt);
        Assert.Equal((before.Chosen, before.Rejected), (after.Chosen, after.Rejected));
        Assert.Equal(prompt > promptAfter ? 1 : 0, report.Changed.GetValueOrDefault(DropReason.PromptStartCut));
        Assert.False(report.Changed.ContainsKey(DropReason.BosCut));
    }

    [Fact]
    public void Keep_end_of_prompt_drops_what_cannot_fit()
    {
        DataReport report = new("pairs");
        Assert.Null(new LengthRule(16, 12, LengthPolicy.KeepEndOfPrompt, Bos).Apply(Pair(20, 15, 2), report));
        Assert.Null(new LengthRule(16, 12, LengthPolicy.KeepEndOfPrompt, Bos).Apply(Pair(3, 30, 2), report));
        Assert.Equal(2, report.Dropped[DropReason.TooLong]);
    }

    [Theory]
    [InlineData(LengthPolicy.Drop, null, null)]
    [InlineData(LengthPolicy.KeepEndOfPrompt, new[] { Bos, 101, 102, Eos }, new[] { false, true, true, true })]
    [InlineData(LengthPolicy.Faithful, new[] { Bos, 100, 101, 102 }, new[] { false, false, true, true })]
    public void A_conversation_that_is_too_long(LengthPolicy policy, int[]? ids, bool[]? mask)
    {
        SftExample example = new([Bos, 100, 101, 102, Eos], [false, false, true, true, true]);
        DataReport report = new("sft");
        SftExample? after = new LengthRule(4, null, policy, Bos).Apply(example, report);
        Assert.Equal(ids, (IEnumerable<int>?)after?.Ids);
        Assert.Equal(mask, (IEnumerable<bool>?)after?.LossMask);
        Assert.Equal(1, report.Read);
        Assert.Same(example, new LengthRule(5, null, policy, Bos).Apply(example, report));
    }

    [Fact]
    public void An_example_that_teaches_nothing_is_dropped()
    {
        DataReport report = new("sft");
        Assert.Null(new LengthRule(3, null, LengthPolicy.Faithful)
            .Apply(new SftExample([1, 2, 3, 4], [false, false, false, true]), report));
        // The first token has nothing that predicts it.
        Assert.Null(new LengthRule(9).Apply(new SftExample([1, 2], [true, false]), report));
        Assert.Equal(2, report.Dropped[DropReason.NoLossTokens]);
    }

    [Fact]
    public void Prompts_to_sample_from_obey_their_own_limit()
    {
        DataReport report = new("prompts");
        Assert.Equal(Prompt(5), new LengthRule(9, 5, BosId: Bos).ApplyToPrompt(Prompt(5), report)!);
        Assert.Null(new LengthRule(9, 5, BosId: Bos).ApplyToPrompt(Prompt(6), report));
        Assert.Equal([Bos, 102, 103, 104, 105], new LengthRule(9, 5, LengthPolicy.KeepEndOfPrompt, Bos).ApplyToPrompt(Prompt(7), report)!);
        Assert.Equal([101, 102, 103, 104, 105], new LengthRule(9, 5, LengthPolicy.Faithful, Bos).ApplyToPrompt(Prompt(7), report)!);
        Assert.Equal("prompts: 4 rows, 3 kept, 1 dropped (prompt_too_long 1); changed (bos_cut 1, prompt_start_cut 2)", report.ToString());
    }

    /// <summary>Trap 15: the public loop samples 2048 tokens and trains on 1048 of them.</summary>
    [Fact]
    public void Trap_15_sampled_answers_must_fit_into_training()
    {
        new LengthRule(2048, 1000).RequireRoomFor(1048);
        Assert.Contains("make 3048, training takes 2048",
            Assert.Throws<InputException>(() => new LengthRule(2048, 1000).RequireRoomFor(2048)).Message);
        Assert.Contains("prompts of any length", Assert.Throws<InputException>(() => new LengthRule(2048).RequireRoomFor(1)).Message);
    }

    [Fact]
    public void Faithful_needs_a_prompt_limit() => Assert.Throws<InputException>(
        () => new LengthRule(2048, null, LengthPolicy.Faithful).Apply(Pair(3, 3, 3), new DataReport("pairs")));
}
