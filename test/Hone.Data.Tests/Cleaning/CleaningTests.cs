using Hone.Text;

namespace Hone.Data.Tests;

public sealed class CleaningTests
{
    [Fact]
    public void Each_rule_counts_what_it_dropped()
    {
        Preference[] pairs =
        [
            Pair("p", 3, 3), Pair("p", 3, 2.9), Pair("p", 10, 6), Pair("p", 10, 2), Pair("p", 9, 2), Pair("p", 8, 2), Pair("q", null, null),
            new([ChatMessage.User("x"), ChatMessage.User("y")], "a", "b"),
        ];
        var rules = new Data.Cleaning { MinMargin = 1, MinScoreRatio = 2, MaxPairsPerPrompt = 2, StrictTurns = true };
        var report = new DataReport("x");
        Preference[] kept = [.. rules.Apply(pairs, report)];
        Assert.Equal([10.0, 9.0, null], kept.Select(k => k.ChosenScore));
        Assert.Equal(new Dictionary<string, int>
        {
            ["equal_scores"] = 1, ["margin_too_small"] = 1, ["score_ratio_too_small"] = 1, ["too_many_pairs_of_prompt"] = 1,
            ["turns_not_alternating"] = 1,
        }, report.Dropped);
        Assert.Equal((8, 3), (report.Read, report.Kept));
    }

    [Fact]
    public void By_default_only_pairs_of_equal_scores_go()
    {
        Preference[] pairs = [Pair("p", 1, 1), Pair("p", 1, 0.99), Pair("p", null, null)];
        Assert.Equal(2, new Data.Cleaning().Apply(pairs, new DataReport("x")).Count());
        Assert.Equal(3, new Data.Cleaning { EqualScores = false }.Apply(pairs, new DataReport("x")).Count());
    }

    [Fact]
    public void Strict_turns_take_a_system_message_first_and_then_turn_about()
    {
        SftRow[] rows =
        [
            new Conversation([ChatMessage.System("s"), ChatMessage.User("u"), ChatMessage.Assistant("a")]),
            new Conversation([ChatMessage.Assistant("a")]),
            new Conversation([ChatMessage.User("u"), ChatMessage.Assistant("a"), ChatMessage.User("u")]),
            new Conversation([ChatMessage.User(" "), ChatMessage.Assistant("a")]),
            new TextRow("a text"),
        ];
        var report = new DataReport("x");
        Assert.Equal([rows[0], rows[4]], new Data.Cleaning { StrictTurns = true }.Apply(rows, report));
        Assert.Equal(3, report.Dropped[DropReason.TurnsNotAlternating]);
        Assert.Equal(rows, new Data.Cleaning().Apply(rows, new DataReport("x")));
    }

    [Theory]
    [InlineData("lang=en", 2)]
    [InlineData("lang != en", 1)]
    [InlineData("score>=4", 2)]
    [InlineData("score<4", 1)]
    [InlineData("score=3", 1)]
    [InlineData("good=true", 1)]
    [InlineData("nothing=1", 0)]
    public void A_filter_keeps_rows_by_a_column(string filter, int kept)
    {
        using TempFolder folder = new();
        File.WriteAllText(folder.File("rows.jsonl"), """
            {"prompt": "a", "lang": "en", "score": 3, "good": true}
            {"prompt": "b", "lang": "de", "score": 4.5}
            {"prompt": "c", "lang": "en", "score": 5, "good": false}
            """);
        var report = new DataReport("x");
        IEnumerable<PromptRow> rows = DataReader.ReadPrompts(folder.File("rows.jsonl"), report, [RowFilter.Parse(filter)]);
        if (kept == 0)
            Assert.Contains("none of the 3 rows", Assert.Throws<InputException>(() => rows.Count()).Message, StringComparison.Ordinal);
        else Assert.Equal(kept, rows.Count());
        Assert.Equal(3 - kept, report.Dropped.GetValueOrDefault($"filtered: {filter}"));
    }

    [Theory]
    [InlineData("lang")]
    [InlineData("=en")]
    [InlineData("score>=high")]
    public void What_is_no_filter_is_refused(string filter) => Assert.Throws<InputException>(() => RowFilter.Parse(filter));

    [Fact]
    public void Weights_give_exact_shares_and_repeat_themselves()
    {
        int[] rows = [.. Enumerable.Range(0, 101)];
        IReadOnlyList<int> quarter = Mixture.Weigh(rows, 0.25, 7), twice = Mixture.Weigh(rows, 2.5, 7);
        Assert.Equal(25, quarter.Count);
        Assert.Equal(quarter, quarter.Distinct().Order());
        Assert.Equal(quarter, Mixture.Weigh(rows, 0.25, 7));
        Assert.NotEqual(quarter, Mixture.Weigh(rows, 0.25, 8));
        Assert.Equal(252, twice.Count);
        Assert.All(twice.GroupBy(r => r), g => Assert.InRange(g.Count(), 2, 3));
        Assert.Empty(Mixture.Weigh(rows, 0, 7));
        Assert.Same(rows, Mixture.Weigh(rows, 1, 7));
        Assert.Throws<ArgumentOutOfRangeException>(() => Mixture.Weigh(rows, double.NaN, 7));
    }

    private static Preference Pair(string prompt, double? chosen, double? rejected) =>
        new([ChatMessage.User(prompt)], "a", "b", chosen, rejected);
}
