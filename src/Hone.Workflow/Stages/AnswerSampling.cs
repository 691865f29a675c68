using Hone.Data;
using Hone.Inference;
using Hone.Runs.Recipes;

namespace Hone.Workflow;

/// <summary>Answers sampled from a policy: token ids from here on, text only to be read.</summary>
internal static class AnswerSampling
{
    /// <summary>
    /// Rows in the order of the prompts, as many as there are prompts. Every prompt has its own seed, so an answer does
    /// not depend on what else was sampled.
    /// </summary>
    public static IReadOnlyList<SampleRow> Sample(
        IGenerationEngine engine, ModelText text, IReadOnlyList<PromptRow> prompts, IReadOnlyList<SampleOptions> groups,
        int maxNewTokens, ulong seed, CancellationToken cancel, OutputConstraint? format = null)
    {
        var requests = new List<GenerationRequest>();
        var promptIds = prompts.Select(p => text.Examples.Prompt(p.Messages)).ToArray();
        var seeds = prompts.Select(p => Seeds.Derive(seed, PromptKey.Of(p.Messages))).ToArray();
        for (int i = 0; i < prompts.Count; i++)
            for (int g = 0; g < groups.Count; g++)
                requests.Add(new GenerationRequest(promptIds[i],
                    Options(groups[g], maxNewTokens, Seeds.Derive(seeds[i], $"group {g}")) with { Constraint = format }, groups[g].Count));
        ILookup<int, Completion> completions = engine.Generate(requests, cancel: cancel).ToLookup(c => c.RequestIndex / groups.Count);
        return [.. prompts.Select((prompt, i) => Row(prompt, promptIds[i], [.. completions[i]], text, seeds[i]))];
    }

    private static SampleRow Row(PromptRow prompt, int[] promptIds, Completion[] answers, ModelText text, ulong seed) =>
        new(prompt.Messages,
            [.. answers.Select(a => text.Decode(a.Ids))],
            [.. answers.Select(a => a.Ids)],
            [.. answers.Select(a => a.LogProbs)],
            [.. answers.Select(a => a.FinishReason)],
            seed,
            promptIds);

    private static SamplingOptions Options(SampleOptions group, int maxNewTokens, ulong seed) => new()
    {
        DoSample = group.Temperature > 0,
        Temperature = group.Temperature > 0 ? group.Temperature : 1,
        TopP = group.TopP,
        TopK = group.TopK,
        MaxNewTokens = maxNewTokens,
        Seed = seed,
    };
}
