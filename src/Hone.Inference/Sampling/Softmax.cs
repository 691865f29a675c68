using System.Numerics.Tensors;

namespace Hone.Inference;

/// <summary>Sums over a whole vocabulary, vectorised; blocks are added in double so that 128k terms lose nothing.</summary>
internal static class Softmax
{
    private const int Block = 512;

    /// <summary>Writes exp(logit - largest logit) and returns the sum of these weights.</summary>
    /// <param name="logits">[vocabulary]; negative infinity is a dropped token.</param>
    /// <param name="weights">[vocabulary]</param>
    /// <exception cref="InvalidDataException">The largest logit is not finite: the model computes NaN or infinity.</exception>
    public static double Weights(ReadOnlySpan<float> logits, Span<float> weights)
    {
        float max = FiniteMax(logits);
        TensorPrimitives.Subtract(logits, max, weights);
        TensorPrimitives.Exp<float>(weights, weights);
        return Sum(weights);
    }

    /// <summary>Natural log of the sum of exp(logits): a token's log-probability is its logit minus this.</summary>
    /// <exception cref="InvalidDataException">The largest logit is not finite.</exception>
    public static double LogSumExp(ReadOnlySpan<float> logits, Span<float> scratch) =>
        Math.Log(Weights(logits, scratch)) + TensorPrimitives.Max(logits);

    /// <summary>
    /// The token whose share of the cumulated weights holds <paramref name="uniform"/> (inverse CDF, ids rising). A token of
    /// weight 0 is never chosen.
    /// </summary>
    public static int Draw(ReadOnlySpan<float> weights, double total, double uniform)
    {
        double left = uniform * total;
        int lastPossible = -1;
        for (int start = 0; start < weights.Length; start += Block)
        {
            ReadOnlySpan<float> block = weights.Slice(start, Math.Min(Block, weights.Length - start));
            double sum = TensorPrimitives.Sum(block);
            bool here = left < sum;
            if (!here && start + Block < weights.Length)
            {
                left -= sum;
                if (sum > 0) lastPossible = start + block.LastIndexOfAnyExcept(0f);
                continue;
            }
            for (int i = 0; i < block.Length; i++)
            {
                if (block[i] == 0) continue;
                if (left < block[i]) return start + i;
                left -= block[i];
                lastPossible = start + i;
            }
            if (here) break; // the block's own sum was a rounding above that of its terms one by one
        }
        return lastPossible;
    }

    internal static float FiniteMax(ReadOnlySpan<float> logits)
    {
        float max = TensorPrimitives.Max(logits);
        if (!float.IsFinite(max))
            throw new InvalidDataException($"the model's largest logit is {max}: its weights or activations are not finite");
        return max;
    }

    private static double Sum(ReadOnlySpan<float> weights)
    {
        double total = 0;
        for (int start = 0; start < weights.Length; start += Block)
            total += TensorPrimitives.Sum(weights.Slice(start, Math.Min(Block, weights.Length - start)));
        return total;
    }
}
