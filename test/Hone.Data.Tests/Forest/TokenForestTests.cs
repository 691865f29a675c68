using CsCheck;

namespace Hone.Data.Tests;

public class TokenForestTests
{
    [Fact]
    public void A_pair_is_a_prompt_with_two_children_whose_positions_continue_it()
    {
        TokenForest forest = new();
        int first = forest.AddRoot([1, 2]);
        int prompt = forest.AddRoot([10, 11, 12]);
        int chosen = forest.AddChild(prompt, [20, 21]);
        int rejected = forest.AddChild(prompt, [30]);
        int deeper = forest.AddChild(chosen, [40]);

        Assert.Equal([1, 2, 10, 11, 12, 20, 21, 30, 40], forest.Tokens);
        Assert.Equal([0, 1, 0, 1, 2, 3, 4, 3, 5], forest.Positions);
        Assert.Equal([first, prompt], forest.TreeStarts);
        Assert.Equal((1, 5), forest.TreeSegments(1));
        Assert.Equal((2, 9), forest.TreeTokens(1));
        Assert.Equal((0, 2), forest.TreeTokens(0));
        Assert.Equal(-1, forest.TokenBefore(prompt));
        Assert.Equal(4, forest.TokenBefore(rejected));
        Assert.Equal(6, forest.TokenBefore(deeper));
        Assert.Equal(new ForestSegment(prompt, 7, 1), forest.Segments[rejected]);
    }

    [Fact]
    public void Refuses_empty_segments_and_parents_of_older_trees()
    {
        TokenForest forest = new();
        Assert.Throws<ArgumentException>(() => forest.AddChild(0, [1]));
        Assert.Throws<ArgumentException>(() => forest.AddRoot([]));
        int old = forest.AddRoot([1]);
        int newer = forest.AddRoot([2]);
        Assert.Throws<ArgumentException>(() => forest.AddChild(old, [3]));
        Assert.Throws<ArgumentException>(() => forest.AddChild(newer + 1, [3]));
    }

    [Fact]
    public void A_refused_root_leaves_the_forest_as_it_was()
    {
        TokenForest forest = new();
        forest.AddRoot([1]);
        Assert.Throws<ArgumentException>(() => forest.AddRoot([]));
        Assert.Equal(1, forest.TreeCount);
        Assert.Equal((0, 1), forest.TreeTokens(0));
    }

    /// <summary>
    /// Trap 18: the public collator zeroed attention at every EOS inside a text. Structure comes from lengths alone, so
    /// what the tokens are changes nothing but the tokens.
    /// </summary>
    [Fact]
    public void Trap_18_structure_does_not_depend_on_token_values()
    {
        const int Eos = 2;
        TokenForest plain = new(), withEos = new();
        plain.AddChild(plain.AddRoot([1, 5, 6]), [7, 8]);
        withEos.AddChild(withEos.AddRoot([1, Eos, 6]), [Eos, 8]);
        Assert.Equal(plain.Positions, withEos.Positions);
        Assert.Equal(plain.Segments, withEos.Segments);
    }

    [Fact]
    public void Every_path_to_a_root_equals_the_plain_sequence()
    {
        // Trees as lists of (parent within the tree, length); tokens are unique, so a path names its sequence.
        Gen<(int Parent, int Length)[]> tree = Gen.Select(Gen.Int[0, 20], Gen.Int[1, 4]).Array[1, 8];
        tree.Array[1, 5].Sample(trees =>
        {
            TokenForest forest = new();
            List<int[]> sequences = [];
            int token = 0;
            foreach ((int Parent, int Length)[] segments in trees)
            {
                int firstSegment = sequences.Count;
                for (int s = 0; s < segments.Length; s++)
                {
                    int[] tokens = [.. Enumerable.Range(token, segments[s].Length)];
                    token += tokens.Length;
                    int parent = s == 0 ? -1 : firstSegment + segments[s].Parent % s;
                    sequences.Add(s == 0 ? tokens : [.. sequences[parent], .. tokens]);
                    int added = s == 0 ? forest.AddRoot(tokens) : forest.AddChild(parent, tokens);
                    Assert.Equal(sequences.Count - 1, added);
                }
            }
            for (int s = 0; s < sequences.Count; s++)
            {
                int[] path = [.. Enumerable.Range(0, sequences.Count)
                    .Where(a => forest.IsAncestorOrSelf(a, s))
                    .SelectMany(a => Enumerable.Range(forest.Segments[a].Start, forest.Segments[a].Length))];
                Assert.Equal(sequences[s], path.Select(i => forest.Tokens[i]));
                Assert.Equal(Enumerable.Range(0, path.Length), path.Select(i => forest.Positions[i]));
            }
        }, iter: 300);
    }
}
