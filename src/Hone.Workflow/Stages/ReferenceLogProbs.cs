using Hone.Data;
using Hone.Inference;
using Hone.Models;
using Hone.Training;

namespace Hone.Workflow;

/// <summary>The reference policy's log-probabilities of all answers, computed once before DPO and stored with the pairs.</summary>
public static class ReferenceLogProbs
{
    public static IReadOnlyList<ReferencedExample> Attach(Transformer reference, IReadOnlyList<ComparisonExample> examples, int maxTokens)
    {
        double[][] logps = AnswerScores.LogProbs(reference, [.. examples.Select(e => new SampleExample(e.Prompt, e.Answers))], maxTokens);
        return [.. examples.Select((e, i) => new ReferencedExample(e, logps[i]))];
    }

    /// <summary>Pairs with <c>reference_chosen_logp</c> and <c>reference_rejected_logp</c>.</summary>
    public static IReadOnlyList<PairRow> Attach(Transformer reference, ModelText text, IReadOnlyList<PairRow> pairs, int maxTokens)
    {
        SampleExample[] examples = [.. pairs.Select(p => text.Examples.Preference(p)).Select(p => new SampleExample(p.Prompt, [p.Chosen, p.Rejected]))];
        double[][] logps = AnswerScores.LogProbs(reference, examples, maxTokens);
        return [.. pairs.Select((p, i) => p with { ReferenceChosenLogp = logps[i][0], ReferenceRejectedLogp = logps[i][1] })];
    }

    /// <summary>Pairs that carry their reference log-probabilities, as DPO trains on them.</summary>
    /// <exception cref="InputException">A pair has none.</exception>
    public static IReadOnlyList<ReferencedExample> Read(IReadOnlyList<PairRow> pairs, ModelText text, string where) =>
        [.. pairs.Select((p, i) => new ReferencedExample(
            ComparisonExample.FromPair(text.Examples.Preference(p)),
            p is { ReferenceChosenLogp: { } chosen, ReferenceRejectedLogp: { } rejected }
                ? [chosen, rejected]
                : throw new InputException("The pair has no reference log-probabilities.", $"{where}, row {i + 1}", "Give the reference model, and they are computed once and stored.")))];
}
