using Hone.Data;
using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Training.Tests;

/// <summary>A model of a few thousand weights, and log-probabilities by full logits of one plain sequence.</summary>
internal static class Tiny
{
    public static TransformerConfig Config { get; } = new()
    {
        VocabularySize = 17,
        HiddenSize = 16,
        IntermediateSize = 24,
        LayerCount = 2,
        HeadCount = 2,
        KeyValueHeadCount = 2,
        HeadDim = 8,
        MaxPositions = 64,
        TieEmbeddings = true,
    };

    public static Transformer Model(bool tied = true)
    {
        TransformerConfig config = Config with { TieEmbeddings = tied };
        return new(config, RandomWeights.Create(config, 2, deviation: 0.3), ScalarType.Float32);
    }

    /// <summary>Log-probabilities of every token after each answer token's context. [answer, vocab]</summary>
    public static Tensor Distributions(Transformer model, int[] prompt, int[] answer)
    {
        var plain = new TokenForest();
        plain.AddRoot([.. prompt, .. answer]);
        return model.Logits(model.Hidden(plain)).log_softmax(1).narrow(0, prompt.Length - 1, answer.Length);
    }

    public static double LogProb(Transformer model, int[] prompt, int[] answer)
    {
        Tensor logProbs = Distributions(model, prompt, answer);
        return answer.Select((token, i) => (double)logProbs[i, token].item<float>()).Sum();
    }
}
