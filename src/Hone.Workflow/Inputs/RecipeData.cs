using Hone.Data;
using Hone.Inference;
using Hone.Runs.Recipes;

namespace Hone.Workflow;

/// <summary>Examples, optimiser steps and tokens of a stage, all epochs together.</summary>
internal sealed record StagePlan(string Stage, int Examples, int HeldOut, int Steps, long Tokens);

/// <summary>A recipe's data read as a run would read them: what is dropped, how the rows are dealt out, how long the stages are.</summary>
internal static class RecipeData
{
    /// <summary>Lines on every source, and the stages that train on given rows.</summary>
    /// <exception cref="InputException">The run would stop here, for the same reason.</exception>
    public static (IReadOnlyList<string> Report, IReadOnlyList<StagePlan> Stages) Read(Recipe recipe)
    {
        ModelText text = ModelText.Load(recipe.Model);
        bool stories = recipe.Data.Stories.Files.Count > 0;
        RunInputs inputs = stories ? StoryInputs.Create(recipe, text) : FileInputs.Load(recipe, text);
        var stages = new List<StagePlan>();
        if (recipe.Sft.Enabled)
            stages.Add(Plan("sft", recipe.Sft, [.. inputs.Sft.Select(e => e.Ids.Length)], inputs.SftHeldOut.Count));
        int[] pairs = [.. inputs.Preferences.Select(p => p.Prompt.Length + p.Chosen.Length + p.Rejected.Length)];
        // Of stories the pairs are made in the run.
        if (recipe.Reward.Enabled && !stories) stages.Add(Plan("reward", recipe.Reward, pairs, inputs.PreferencesHeldOut.Count));
        if (recipe.OfflineDpo.Enabled && !stories)
            stages.Add(inputs.Labelled is { } labelled
                ? Plan("offline-dpo", recipe.OfflineDpo, [.. KtoBatch.Of(labelled, recipe.OfflineDpo.MaxLength).Select(e => e.Tokens)],
                    inputs.LabelledHeldOut!.Count)
                : Plan("offline-dpo", recipe.OfflineDpo, pairs, inputs.PreferencesHeldOut.Count));
        return (inputs.Report, stages);
    }

    private static StagePlan Plan(string stage, TrainOptions o, int[] tokens, int heldOut) => new(
        stage, tokens.Length, heldOut, o.Epochs * ((tokens.Length + o.BatchSize - 1) / o.BatchSize),
        tokens.Sum(t => (long)t) * o.Epochs);
}
