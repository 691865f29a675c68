using Hone.Inference;
using Hone.Data;
using Hone.Runs.Recipes;
using Hone.Text;
using Hone.Workflow.World;

namespace Hone.Workflow;

/// <summary>The embedded world's data in the sizes that a recipe asks for; its splits are disjoint by construction.</summary>
internal static class WorldInputs
{
    // Four ranked answers to a prompt give six comparisons.
    private const int AnswersPerLabelledPrompt = 4, PairsPerLabelledPrompt = 6, PairsPerFeature = 100;

    /// <exception cref="InputException">The recipe gives no limit on conversations or pairs: a generator has no end.</exception>
    public static RunInputs Create(Recipe recipe, ModelText text)
    {
        SmallWorld world = SmallWorld.Create((ulong)recipe.Seed);
        HeldOutSizes heldOut = recipe.Data.HeldOut.Of(rows: null, []);
        int conversations = recipe.Data.Limits.Sft ?? throw NoLimit("sft");
        int pairs = recipe.Data.Limits.Preferences ?? throw NoLimit("preferences");
        SftExample[] sft = [.. world.Conversations(WorldSplit.Sft, conversations + heldOut.Sft)
            .Select(c => text.Examples.Sft(c, recipe.Sft.LossOn))];
        return new RunInputs
        {
            Sft = sft[heldOut.Sft..],
            SftHeldOut = sft[..heldOut.Sft],
            Preferences = Pairs(world, WorldSplit.Labels, pairs, text),
            PreferencesHeldOut = Pairs(world, WorldSplit.LabelsTest, heldOut.Reward, text),
            IterationPrompts = [.. Enumerable.Range(1, recipe.Online.Iterations)
                .Select(t => Prompts(world, WorldSplit.Iteration(t), recipe.Online.PromptsPerIteration))],
            Selection = Prompts(world, WorldSplit.Selection, heldOut.Selection),
            Test = Prompts(world, WorldSplit.Test, heldOut.Test),
            Gold = (prompt, answer, finished) => GoldJudge.Score(prompt[^1].Content, answer, finished).Total,
            FeaturePairs = new(() => [.. world.CounterfactualPairs(WorldSplit.LabelsTest, PairsPerFeature)
                .Select(c => new FeaturePair(c.Feature, Example(text, c.Prompt, c.Better, c.Worse)))]),
            Report = [$"embedded world, seed {recipe.Seed}: {conversations} conversations, {pairs} labelled pairs"],
        };
    }

    private static PreferenceExample[] Pairs(SmallWorld world, string split, int count, ModelText text) =>
        [.. world.Preferences(split, (count + PairsPerLabelledPrompt - 1) / PairsPerLabelledPrompt, AnswersPerLabelledPrompt)
            .SelectMany(ranked => ranked.Pairs()).Take(count).Select(p => text.Examples.Preference(p))];

    private static PromptRow[] Prompts(SmallWorld world, string split, int count) =>
        [.. world.Prompts(split, count).Select(p => new PromptRow([ChatMessage.User(p)]))];

    private static PreferenceExample Example(ModelText text, string prompt, string better, string worse) =>
        text.Examples.Preference(new Data.Preference([ChatMessage.User(prompt)], better, worse));

    private static InputException NoLimit(string key) =>
        new($"The embedded world generates as much as is asked for, and `data.limits.{key}` asks for nothing.",
            fix: $"Set data.limits.{key} to a number.");
}
