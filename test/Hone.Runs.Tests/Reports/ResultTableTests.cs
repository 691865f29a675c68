namespace Hone.Runs.Tests;

public class ResultTableTests
{
    [Fact]
    public void Markdown_has_one_cell_per_column_and_marks_the_released_row()
    {
        string[] lines = ResultTable.Of(FakeRun.Results()).ToMarkdown().TrimEnd().Split('\n');
        Assert.Equal(2 + 5, lines.Length);
        Assert.All(lines, line => Assert.Equal(lines[0].Count(c => c == '|'), line.Count(c => c == '|')));
        Assert.StartsWith("| policy | gold win rate % | LC gold win rate % | gold reward | RM reward | KL to SFT | length |", lines[0],
            StringComparison.Ordinal);
        Assert.StartsWith("| **online-dpo-3** (released) | 81.2 [77.8, 84.6] | 75.7 [71.6, 79.8] | 4.12 [3.98, 4.26] |", lines[^1],
            StringComparison.Ordinal);
    }

    [Fact]
    public void Terminal_text_is_aligned_and_narrow()
    {
        string[] lines = ResultTable.Of(FakeRun.Results()).ToText().TrimEnd('\n').Split('\n');
        Assert.All(lines, line => Assert.InRange(line.Length, 1, 90));
        int figure = lines[4].IndexOf("87.6", StringComparison.Ordinal) + 4,
            range = lines[5].IndexOf("84.7..90.5", StringComparison.Ordinal) + 10;
        Assert.Equal(figure, range);
        Assert.Single(lines, line => line.StartsWith("* online-dpo-3", StringComparison.Ordinal));
    }

    [Fact]
    public void Without_gold_the_columns_are_the_reward_models_and_say_so()
    {
        string heading = ResultTable.Of(FakeRun.WithoutGold()).ToMarkdown().Split('\n')[0];
        Assert.StartsWith("| policy | RM win rate % | LC RM win rate % | RM reward |", heading, StringComparison.Ordinal);
        Assert.DoesNotContain("RM win", ResultTable.Of(FakeRun.Results()).ToMarkdown(), StringComparison.Ordinal);
    }
}
