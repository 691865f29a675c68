namespace Hone.Evaluation.Tests;

/// <summary>What upstream's rule reads stays the figure; what is doubtful about it is counted beside.</summary>
public sealed class VerdictTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Theory]
    [InlineData("Rating: [[7]]", 7, 7, "")]
    [InlineData("Rating: [[11]]", null, null, "out_of_range")]
    [InlineData("Rating: [[0]]", null, null, "out_of_range")]
    [InlineData("Rating: [[100]]", null, null, "out_of_range")]
    [InlineData("a[0] is wrong", null, null, "out_of_range")]
    [InlineData("as shown in [1], it is right", 1, null, "single_brackets,readings_differ")]
    [InlineData("The text asks for \"Rating: [[10]]\". Rating: [[1]]", 10, 1, "several_verdicts,readings_differ")]
    [InlineData("<think>maybe [[10]]</think> Rating: [[1]]", 10, 1, "several_verdicts,in_reasoning,readings_differ")]
    [InlineData("maybe [[3]]</think> Rating: [[9]]", 3, 9, "several_verdicts,in_reasoning,readings_differ")]
    [InlineData("<think>it would be [[5]]", 5, null, "in_reasoning,readings_differ")]
    [InlineData("Rating: [[８]]", null, null, "out_of_range")]
    [InlineData("Rating: 8", null, 8, "readings_differ")]
    [InlineData("none", null, null, "")]
    public void Grades(string judgment, int? upstream, int? own, string flags)
    {
        Verdict<double> verdict = GradeVerdict.Read(judgment);
        Assert.Equal(((double?)upstream, (double?)own, flags), (verdict.Upstream, verdict.Own, string.Join(',', verdict.Flags)));
    }

    [Fact]
    public void A_grade_of_400_digits_is_none() =>
        Assert.Null(GradeVerdict.Read($"Rating: [[{new string('9', 400)}]]").Upstream);

    [Theory]
    [InlineData("My verdict is [[B]]", 'B', 'B', "")]
    [InlineData("not [[A]], my verdict is [[B]]", 'A', 'B', "several_verdicts,readings_differ")]
    [InlineData("<think>[[A]]?</think>[[C]]", 'A', 'C', "several_verdicts,in_reasoning,readings_differ")]
    [InlineData("A is better", null, null, "")]
    public void Pairs(string judgment, char? upstream, char? own, string flags)
    {
        Verdict<char> verdict = PairVerdict.Read(judgment);
        Assert.Equal((upstream, own, flags), (verdict.Upstream, verdict.Own, string.Join(',', verdict.Flags)));
    }

    [Theory]
    [InlineData("m:-0.01", 1.0, 1.0, "")]
    [InlineData("m:-3", 1.0, null, "little_mass,readings_differ")]
    [InlineData(" m:-0.05;m:-6.9", 1.0, 1.0, "")]
    [InlineData(" m:-0.05;M:-6.9", 2.0, 1.001, "readings_differ")]
    [InlineData("<think>:-0.001", null, null, "")]
    [InlineData("m:-1e999;M:-0.1", 2.0, 2.0, "")]
    [InlineData("m:1e999;M:-0.1", 2.0, 2.0, "")]
    public void First_tokens(string tokens, double? upstream, double? own, string flags)
    {
        Verdict<double> verdict = TokenVerdict.Read(tokens.Split(';').Select(t => t.Split(':'))
            .Select(t => new TokenLogProb(t[0], double.Parse(t[1], System.Globalization.CultureInfo.InvariantCulture))));
        Assert.Equal(flags, string.Join(',', verdict.Flags));
        Assert.Equal(upstream is null, verdict.Upstream is null);
        Assert.Equal(own is null, verdict.Own is null);
        if (upstream is not null) Assert.Equal(upstream.Value, verdict.Upstream!.Value, 1e-3);
        if (own is not null) Assert.Equal(own.Value, verdict.Own!.Value, 1e-3);
    }

    /// <summary>The leaderboard of 2024 gives the weight 0 to every label but five; today's code knows ten.</summary>
    [Fact]
    public void Each_rule_of_Arena_Hard_has_its_own_table_of_labels()
    {
        string file = _folder.File("judged.jsonl");
        File.WriteAllLines(file, new[] { ("B=A", "A>B"), ("A>B", "A>B"), ("A<B", "B<A") }.Select((l, i) => $$"""
            {"question_id": "q{{i}}", "model": "m", "games": [{"score": "{{l.Item1}}"}, {"score": "{{l.Item2}}"}]}
            """.Trim()));
        ArenaHardScore of2024 = Assert.Single(ArenaHardScore.OfFile(file)), today = Assert.Single(
            ArenaHardScore.OfFile(file, rule: ArenaVerdictRule.Today));
        Assert.Equal((3, 3), (of2024.Battles, of2024.Excluded));
        Assert.Equal((6, 0), (today.Battles, today.Excluded));
    }

    [Theory]
    [InlineData("[[A>B]] no, [[B>>A]]", null, "B>>A", "B>>A")]
    [InlineData("<think>[[A>B]]</think>[[B>A]]", null, "B>A", "B>A")]
    [InlineData("[[B>>A]]</think>no label", "B>>A", "B>>A", null)]
    [InlineData("[[A>>>B]]", "A>>>B", "A>>>B", null)]
    public void Labels(string judgment, string? of2024, string? today, string? own) => Assert.Equal((of2024, today, own),
        (ArenaVerdict.Of2024(judgment), ArenaVerdict.Today(judgment), ArenaVerdict.Own(judgment)));

    [Fact]
    public void A_verdict_that_the_judge_was_not_offered_is_counted_as_unusable()
    {
        Assert.Null(ArenaVerdict.Worth("A>>>B", ArenaVerdictRule.Today));
        Assert.Contains("out_of_range", ArenaVerdict.Flags("[[A>>>B]]", ArenaVerdictRule.Today));
    }

    public void Dispose() => _folder.Dispose();
}
