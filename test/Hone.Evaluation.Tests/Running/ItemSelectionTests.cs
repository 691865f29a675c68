namespace Hone.Evaluation.Tests;

public sealed class ItemSelectionTests
{
    private static readonly EvalTask s_task = TaskRunnerTests.Choices(10);

    [Theory]
    [InlineData("3", 3)]
    [InlineData("1", 1)]
    [InlineData("99", 10)]
    [InlineData("0.25", 3)]
    [InlineData(null, 10)]
    public void A_limit_takes_the_first_items(string? limit, int items) =>
        Assert.Equal(Enumerable.Range(0, items).Select(i => $"{i}"), ItemSelection.Of(limit, null).Apply(s_task).Items.Select(i => i.Id));

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("2.5")]
    [InlineData("many")]
    public void A_limit_out_of_range_is_refused(string limit) => Assert.Throws<InputException>(() => ItemSelection.Of(limit, null));

    [Fact]
    public void Samples_name_positions_by_task()
    {
        ItemSelection samples = ItemSelection.Of(null, """{"fixture": [7, 2]}""");
        Assert.Equal(["7", "2"], samples.Apply(s_task).Items.Select(i => i.Id));
        Assert.Empty(samples.Apply(s_task with { Name = "other" }).Items);
    }

    [Fact]
    public void A_position_outside_the_task_is_named() => Assert.Contains("no item 10",
        Assert.Throws<InputException>(() => ItemSelection.Of(null, """{"fixture": [10]}""").Apply(s_task)).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Broken_samples_and_two_selections_are_refused()
    {
        Assert.Throws<InputException>(() => ItemSelection.Of(null, "{\"fixture\": 3}"));
        Assert.Throws<InputException>(() => ItemSelection.Of("3", "{}"));
    }
}
