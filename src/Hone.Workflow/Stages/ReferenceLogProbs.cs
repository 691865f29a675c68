using Hone.Data;
using Hone.Inference;
using Hone.Models;

namespace Hone.Workflow;

/// <summary>The reference policy's log-probabilities of all answers, computed once before DPO and stored with the pairs.</summary>
internal static class ReferenceLogProbs
{
    public static IReadOnlyList<PromptExample> Attach(Transformer reference, IReadOnlyList<PromptExample> examples, int maxTokens)
    {
        double[][] logps = AnswerScores.LogProbs(reference, examples, maxTokens);
        return [.. examples.Select((e, i) => e with { ReferenceLogps = logps[i] })];
    }

    /// <summary>Pairs with <c>reference_chosen_logp</c> and <c>reference_rejected_logp</c>.</summary>
    public static IReadOnlyList<PairRow> Attach(Transformer reference, ModelText text, IReadOnlyList<PairRow> pairs, int maxTokens)
    {
        PromptExample[] examples = [.. pairs.Select(p => PromptExample.FromPair(text.Examples.Preference(p)))];
        double[][] logps = AnswerScores.LogProbs(reference, examples, maxTokens);
        return [.. pairs.Select((p, i) => p with { ReferenceChosenLogp = logps[i][0], ReferenceRejectedLogp = logps[i][1] })];
    }

    /// <summary>Pairs that carry their reference log-probabilities, as DPO trains on them.</summary>
    /// <exception cref="InputException">A pair has none.</exception>
    public static IReadOnlyList<PromptExample> Read(IReadOnlyList<PairRow> pairs, ModelText text, string where) =>
        [.. pairs.Select((p, i) => PromptExample.FromPair(text.Examples.Preference(p)) with
        {
            ReferenceLogps = p is { ReferenceChosenLogp: { } chosen, ReferenceRejectedLogp: { } rejected }
                ? [chosen, rejected]
                : throw new InputException("The pair has no reference log-probabilities.",
                    $"{where}, row {i + 1}", "Give the reference model, and they are computed once and stored."),
        })];
}
