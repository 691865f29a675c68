namespace Hone.Data.Tests;

public class ScoredTokensTests
{
    [Fact]
    public void The_first_token_of_a_child_is_predicted_by_its_parents_last()
    {
        TokenForest forest = new();
        int prompt = forest.AddRoot([10, 11, 12]);
        int chosen = forest.AddChild(prompt, [20, 21]);
        int rejected = forest.AddChild(prompt, [30]);

        ScoredTokens scored = new();
        scored.AddSegment(forest, chosen, group: 0);
        scored.AddSegment(forest, rejected, group: 1);

        Assert.Equal([2, 3, 2], scored.Sources);
        Assert.Equal([20, 21, 30], scored.Targets);
        Assert.Equal([0, 0, 1], scored.Groups);
    }

    [Fact]
    public void The_first_token_of_a_root_is_left_out()
    {
        TokenForest forest = new();
        forest.AddRoot([5]);
        int root = forest.AddRoot([10, 11, 12]);
        ScoredTokens scored = new();
        scored.AddSegment(forest, root, group: 3);
        Assert.Equal([1, 2], scored.Sources);
        Assert.Equal([11, 12], scored.Targets);
        Assert.Equal(2, scored.Count);
    }

    [Fact]
    public void A_mask_selects_targets_not_sources()
    {
        TokenForest forest = new();
        int root = forest.AddRoot([10, 11, 12, 13]);
        ScoredTokens scored = new();
        scored.AddSegment(forest, root, group: 0, mask: [true, false, true, false]);
        Assert.Equal([12], scored.Targets);
        Assert.Equal([1], scored.Sources);
    }
}
