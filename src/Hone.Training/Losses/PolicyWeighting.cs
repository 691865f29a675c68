using Hone.Data;
using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Training;

/// <summary>
/// Weights of pairs by how likely the policy itself would have sampled them (WPO, Zhou et al. 2024, arXiv 2406.11827, equation 2 with
/// the sampled alignment of section 3.2): pairs of another policy count less. Without gradient.
/// </summary>
internal static class PolicyWeighting
{
    /// <summary>
    /// exp(w(chosen) + w(rejected)), at most 1; w of an answer is the mean over its tokens of log p(token) - log sum_v p(v)^2, so an
    /// answer sampled at temperature 1 weighs about 1 whatever the entropy. [comparisons]
    /// </summary>
    /// <param name="tokens">log p of every answer token. [N]</param>
    /// <param name="logSumSquares">log sum_v p(v)^2 where each was drawn. [N]</param>
    /// <param name="groups">The answer of each token. [N]</param>
    /// <param name="lengths">Tokens of each answer. [answers]</param>
    /// <param name="better">The answer that is chosen. [comparisons]</param>
    /// <param name="worse">The one that is not. [comparisons]</param>
    public static Tensor Of(Tensor tokens, Tensor logSumSquares, Tensor groups, Tensor lengths, Tensor better, Tensor worse)
    {
        using var off = no_grad();
        Tensor answers = (tokens.detach() - logSumSquares).SumByGroup(groups, (int)lengths.shape[0]) / lengths;
        return answers.index_select(0, better).Plus(answers.index_select(0, worse)).exp().AtMost(1);
    }

    /// <summary>log sum_v p(v)^2 for each scored token, by chunks of rows: the logits of a batch are never there at once. [N]</summary>
    public static Tensor LogSumSquares(Transformer model, Tensor hidden, ScoredTokens scored)
    {
        using var off = no_grad();
        int rows = (int)HeadChunks.RowsFor(model.Config.VocabularySize);
        var parts = new List<Tensor>();
        foreach (int[] chunk in scored.Sources.Chunk(rows))
        {
            using var scope = NewDisposeScope();
            Tensor logits = model.Logits(hidden.index_select(0, chunk.OnDevice(hidden.device)));
            parts.Add((logits.Times(2).logsumexp(-1) - logits.logsumexp(-1).Times(2)).MoveToOuterDisposeScope());
        }
        return cat(parts);
    }
}
