using CsCheck;
using Hone.Data;
using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Inference.Tests;

public sealed class PrefixScorerTests
{
    private static readonly TransformerConfig s_config = new()
    {
        VocabularySize = 11, HiddenSize = 16, IntermediateSize = 24, LayerCount = 2,
        HeadCount = 4, KeyValueHeadCount = 2, HeadDim = 4, MaxPositions = 64,
    };

    private readonly Transformer _model = Make();

    [Fact]
    public void Scores_are_those_of_each_sequence_alone()
    {
        // Few token ids, so that sequences share prefixes, end inside each other and are equal.
        Gen<ScoredSequence> sequence = Gen.Int[0, 2].Array[2, 12]
            .SelectMany(ids => Gen.Int[1, ids.Length - 1].Select(from => new ScoredSequence(ids, from)));
        Gen.Select(sequence.Array[1, 12], Gen.Int[1, 60]).Sample((sequences, tokens) =>
        {
            SequenceScore[] scores = [.. PrefixScorer.Score(_model, sequences, tokens).OrderBy(s => s.Index)];
            Assert.Equal(sequences.Length, scores.Length);
            for (int i = 0; i < sequences.Length; i++)
            {
                (double logProb, bool greedy) = Alone(sequences[i]);
                Assert.Equal(logProb, scores[i].LogProb, 1e-4);
                Assert.Equal(greedy, scores[i].IsGreedy);
            }
        }, iter: 60, threads: 1);
    }

    [Fact]
    public void A_shared_prefix_is_computed_once()
    {
        int[] trunk = [.. Enumerable.Range(0, 40).Select(i => i % 11)];
        ScoredSequence[] sequences = [.. Enumerable.Range(0, 6).Select(i => new ScoredSequence([.. trunk, i, i + 1, i + 2], 42))];
        // A pass of 60 tokens takes all six only where the trunk of 40 counts once.
        using var counted = NewDisposeScope();
        Assert.Equal(6, PrefixScorer.Score(_model, sequences, 60).Count());
        Assert.Equal(
            Enumerable.Range(0, 6).Select(i => Alone(sequences[i]).LogProb),
            PrefixScorer.Score(_model, sequences, 60).OrderBy(s => s.Index).Select(s => s.LogProb),
            (double a, double b) => Math.Abs(a - b) < 1e-4);
    }

    private (double LogProb, bool Greedy) Alone(ScoredSequence sequence)
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        var forest = new TokenForest();
        forest.AddRoot(sequence.Ids);
        Tensor logProbs = _model.Logits(_model.Hidden(forest)).log_softmax(1);
        double sum = 0;
        bool greedy = true;
        for (int t = sequence.From; t < sequence.Ids.Length; t++)
        {
            sum += logProbs[t - 1, sequence.Ids[t]].item<float>();
            greedy &= logProbs[t - 1].argmax().item<long>() == sequence.Ids[t];
        }
        return (sum, greedy);
    }

    private static Transformer Make()
    {
        LibTorch.Load();
        return new Transformer(s_config, RandomWeights.Create(s_config, seed: 3, deviation: 0.4), ScalarType.Float32);
    }
}
