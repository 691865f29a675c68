using static TorchSharp.torch;
using Hone.Models;

namespace Hone.Training;

/// <summary>
/// Log-probabilities of answers in which what one is longer than the other counts less (LD-DPO, arXiv 2409.06411, equation 10): the
/// sum over as many tokens as both have, and alpha times that over the rest. Alpha 1 leaves them as they are, 0 cuts the rest off.
/// </summary>
internal static class LengthDesensitisation
{
    /// <param name="tokens">log p of every answer token, the tokens of an answer one after the other. [N]</param>
    /// <param name="groups">The answer of each token. [N]</param>
    /// <param name="answers">The answer of each comparison. [comparisons]</param>
    /// <param name="others">What it is compared with. [comparisons]</param>
    /// <param name="alpha">Weight of the tokens beyond the other's length.</param>
    /// <returns>[comparisons]</returns>
    public static Tensor LogProbs(
        Tensor tokens, IReadOnlyList<int> groups, IReadOnlyList<int> answers, IReadOnlyList<int> others, double alpha)
    {
        Dictionary<int, (int First, int Count)> spans = groups.Index().GroupBy(g => g.Item)
            .ToDictionary(g => g.Key, g => (g.First().Index, g.Count()));
        List<int> indices = [], comparisons = [];
        List<float> weights = [];
        for (int c = 0; c < answers.Count; c++)
        {
            (int first, int count) = spans[answers[c]];
            int common = Math.Min(count, spans[others[c]].Count);
            for (int i = 0; i < count; i++)
            {
                indices.Add(first + i);
                comparisons.Add(c);
                weights.Add(i < common ? 1 : (float)alpha);
            }
        }
        Tensor weighted = tokens.index_select(0, indices.OnDevice(tokens.device)) * tensor(weights.ToArray(), device: tokens.device);
        return weighted.SumByGroup(comparisons.OnDevice(tokens.device), answers.Count);
    }
}
