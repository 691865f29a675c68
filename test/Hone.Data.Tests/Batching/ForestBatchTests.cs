namespace Hone.Data.Tests;

public class ForestBatchTests
{
    [Fact]
    public void Conversations_are_roots()
    {
        SftExample[] examples = [new([1, 5, 2], [false, true, true]), new([1, 6, 7], [false, false, true])];
        ForestBatch batch = ForestBatch.Of([examples[1], examples[0]]);
        Assert.Equal([1, 6, 7, 1, 5, 2], batch.Forest.Tokens);
        Assert.Equal([0, 1, 2, 0, 1, 2], batch.Forest.Positions);
        Assert.Equal([7, 5, 2], batch.Scored.Targets);
        Assert.Equal([1, 3, 4], batch.Scored.Sources);
        Assert.Equal([0, 1, 1], batch.Scored.Groups);
        Assert.Equal(2, batch.Forest.TreeCount);
    }

    /// <summary>Trap 17: the public code measured a pair's lengths on padded rows. Here each answer has its own length.</summary>
    [Fact]
    public void Trap_17_pairs_are_prompts_with_two_children_of_true_length()
    {
        PreferenceExample[] examples = [new([1, 5], [6, 2], [7, 8, 9, 2]), new([1], [4], [3, 2])];
        PromptExample[] prompts = [.. examples.Select(PromptExample.FromPair)];
        ForestBatch batch = ForestBatch.Of(prompts);
        Assert.Equal([-1, 0, 0, -1, 3, 3], batch.Forest.Segments.Select(s => s.Parent));
        Assert.Equal([2, 2, 4, 1, 1, 2], batch.Forest.Segments.Select(s => s.Length));
        Assert.Equal([6, 2, 7, 8, 9, 2, 4, 3, 2], batch.Scored.Targets);
        Assert.Equal([0, 0, 1, 1, 1, 1, 2, 3, 3], batch.Scored.Groups);
        // Both answers are predicted from the prompt's last token.
        Assert.Equal([1, 2, 1, 4, 5, 6, 8, 8, 10], batch.Scored.Sources);
        Assert.Equal((4, 12), (batch.Answers.Count, batch.Forest.TokenCount));
        Assert.Equal(batch.Forest.TokenCount, prompts.Sum(p => p.Tokens));
        Assert.Equal([3, 7, 9, 11], batch.LastTokens);
        Assert.Equal([0, 2], batch.Better);
        Assert.Equal([1, 3], batch.Worse);
    }

    /// <summary>Trap 11: the number of answers is the row's own, and need not be the same in all rows.</summary>
    [Fact]
    public void Trap_11_samples_have_as_many_children_as_the_row_has_answers()
    {
        PromptExample[] examples = [new([1], [[4, 2]]), new([1, 9], [[5, 2], [6], [7, 2]])];
        ForestBatch batch = ForestBatch.Of([examples[1], examples[0]]);
        Assert.Equal([-1, 0, 0, 0, -1, 4], batch.Forest.Segments.Select(s => s.Parent));
        Assert.Equal([0, 0, 1, 2, 2, 3, 3], batch.Scored.Groups);
        Assert.Equal(4, batch.Answers.Count);
        Assert.Equal(batch.Forest.TokenCount, examples.Sum(e => e.Tokens));
    }

    [Fact]
    public void Answers_on_both_sides_of_a_boundary_do_not_share_their_prompt()
    {
        PromptExample example = new([1, 9], [[5], [6, 7, 8], [4]]) { Comparisons = [new Comparison(1, 0)] };
        ForestBatch batch = ForestBatch.Of([example], boundary: 4);
        Assert.Equal([1, 9, 5, 4, 1, 9, 6, 7, 8], batch.Forest.Tokens);
        Assert.Equal([-1, 0, 0, -1, 3], batch.Forest.Segments.Select(s => s.Parent));
        Assert.Equal([0, 2, 1, 1, 1], batch.Scored.Groups);
        Assert.Equal([2, 8, 3], batch.LastTokens);
        Assert.Equal(3, ForestBatch.Of([example], boundary: 5).Forest.Segments.Count(s => s.Parent >= 0));
    }
}
