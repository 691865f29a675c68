using Hone.Data;
using Hone.Runs.Recipes;

namespace Hone.Workflow;

/// <summary>Labelled answers as offline DPO's loss <c>kto</c> takes them.</summary>
internal static class Labelled
{
    /// <summary>Pairs taken apart: the chosen answer is good, the other one bad.</summary>
    public static IReadOnlyList<LabelledExample> Of(IReadOnlyList<PreferenceExample> pairs) => [.. pairs.SelectMany(p =>
        new LabelledExample[] { new(p.Prompt, p.Chosen, Desirable: true), new(p.Prompt, p.Rejected, Desirable: false) })];

    /// <summary>Each with an answer to another prompt beside it.</summary>
    public static IReadOnlyList<PromptExample> Examples(IReadOnlyList<LabelledExample> rows, OfflineDpoOptions options) =>
        KtoBatch.Of(rows, options.MaxLength);

    /// <exception cref="InputException">No example has such an answer: all rows have one prompt.</exception>
    public static void RequireMismatched(IReadOnlyList<PromptExample> examples)
    {
        if (examples.Count > 0 && examples.All(e => e.Answers.Length == 1))
            throw new InputException("all labelled answers are to one prompt, and kto measures the policy on answers to other ones",
                fix: "Give answers to several prompts, or pairs and another loss.");
    }
}
