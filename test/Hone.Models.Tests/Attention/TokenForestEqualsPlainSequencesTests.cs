using Hone.Data;
using static TorchSharp.torch;

namespace Hone.Models.Tests;

/// <summary>A forest must give what separate plain sequences give: hidden states, losses and gradients.</summary>
public sealed class TokenForestEqualsPlainSequencesTests
{
    private static readonly int[] s_prompt = [1, 5, 9, 13, 2];
    private static readonly int[][] s_answers = [[3, 4, 30], [7, 8, 9, 10, 11, 12, 36], [20]];

    [Fact]
    public void Hidden_states_along_every_path_equal_those_of_the_plain_sequence()
    {
        using var scope = NewDisposeScope();
        using Transformer model = TinyLlama.Create();
        using var _ = no_grad();
        TokenForest forest = Forest();
        Tensor hidden = model.Hidden(forest);
        foreach ((int segment, int[] path, int[] rows) in Paths(forest))
        {
            var plain = new TokenForest();
            plain.AddRoot(path);
            Tensor expected = model.Hidden(plain);
            Tensor found = hidden.index_select(0, tensor(rows.Select(r => (long)r).ToArray()));
            Assert.True((expected - found).abs().max().item<float>() < 1e-5f, $"segment {segment}");
        }
    }

    [Fact]
    public void Gradients_of_a_loss_over_all_answers_equal_those_of_plain_sequences()
    {
        using var scope = NewDisposeScope();
        using Transformer forestModel = TinyLlama.Create();
        using Transformer plainModel = TinyLlama.Create();
        foreach (Tensor w in forestModel.Weights.Values.Concat(plainModel.Weights.Values)) w.requires_grad_(true);

        TokenForest forest = Forest();
        var scored = new ScoredTokens();
        for (int s = 0; s < forest.Segments.Count; s++)
            if (forest.Segments[s].Parent >= 0) scored.AddSegment(forest, s, s);
        Tensor weights = Importance(scored);
        (LogProbHead.LogProbs(forestModel, forestModel.Hidden(forest), scored) * weights).sum().backward();

        // The same sum, one plain sequence per scored segment.
        foreach ((int segment, int[] path, int[] rows) in Paths(forest))
        {
            if (forest.Segments[segment].Parent < 0) continue;
            var plain = new TokenForest();
            plain.AddRoot(path);
            Tensor logProbs = plainModel.Logits(plainModel.Hidden(plain)).log_softmax(1);
            Tensor sum = zeros(1);
            for (int n = 0; n < scored.Count; n++)
                if (scored.Groups[n] == segment)
                    sum = sum + (logProbs[Array.IndexOf(rows, scored.Sources[n]), scored.Targets[n]] * weights[n]);
            sum.backward();
        }

        foreach ((string name, Tensor w) in forestModel.Weights)
        {
            Tensor expected = plainModel.Weights[name].grad!;
            Assert.True((expected - w.grad!).abs().max().item<float>() < 2e-4f * Math.Max(1, expected.abs().max().item<float>()), name);
        }
    }

    private static Tensor Importance(ScoredTokens scored) =>
        tensor(Enumerable.Range(0, scored.Count).Select(i => 0.1f + (0.3f * (i % 5))).ToArray());

    // Three trees: a prompt with three answers (one of them continued twice), a single root, and a pair.
    private static TokenForest Forest()
    {
        var forest = new TokenForest();
        int prompt = forest.AddRoot(s_prompt);
        int[] children = [.. s_answers.Select(a => forest.AddChild(prompt, a))];
        forest.AddChild(children[1], [14, 15]);
        forest.AddChild(children[1], [16]);
        forest.AddRoot([2, 2, 2, 6]);
        int pair = forest.AddRoot([9, 8, 7]);
        forest.AddChild(pair, [1, 1]);
        forest.AddChild(pair, [2, 3, 4, 5]);
        return forest;
    }

    private static IEnumerable<(int Segment, int[] Path, int[] Rows)> Paths(TokenForest forest)
    {
        for (int tree = 0; tree < forest.TreeCount; tree++)
        {
            (int start, int end) = forest.TreeSegments(tree);
            for (int leaf = start; leaf < end; leaf++)
            {
                var rows = new List<int>();
                for (int s = leaf; s >= 0; s = forest.Segments[s].Parent)
                    rows.InsertRange(0, Enumerable.Range(forest.Segments[s].Start, forest.Segments[s].Length));
                yield return (leaf, [.. rows.Select(r => forest.Tokens[r])], [.. rows]);
            }
        }
    }
}
