using Hone.Inference;
using Hone.Data;
using Hone.Runs.Recipes;

namespace Hone.Workflow.Inspection;

/// <summary>A stage that uses rows of a kind, the lengths it holds them to, and what that does to the rows of the file.</summary>
internal sealed record StageLengths(string Stage, LengthRule Rule)
{
    public DataReport Report { get; } = new(Stage);

    /// <summary>
    /// The stages of the recipe that use rows of this kind, the first of which is shown; where none is enabled, the one
    /// that would.
    /// </summary>
    public static IReadOnlyList<StageLengths> Of(RowKind kind, Recipe recipe, ModelText text)
    {
        if (kind == RowKind.Sft) return [new StageLengths("sft", TrainingRows.SftLengths(recipe, text))];
        if (kind == RowKind.Prompts) return [new StageLengths("online", TrainingRows.DpoLengths(recipe.Online, text))];
        List<StageLengths> stages = [];
        if (recipe.Reward.Enabled || !recipe.OfflineDpo.Enabled)
            stages.Add(new StageLengths("reward", TrainingRows.RewardLengths(recipe, text)));
        if (recipe.OfflineDpo.Enabled) stages.Add(new StageLengths("offline_dpo", TrainingRows.DpoLengths(recipe.OfflineDpo, text)));
        return stages;
    }
}
