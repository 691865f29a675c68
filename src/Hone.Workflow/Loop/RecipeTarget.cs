using Hone.Data;
using Hone.Inference;
using Hone.Models;
using Hone.Runs.Recipes;
using Hone.Training;

namespace Hone.Workflow;

/// <summary>What a recipe says of device, number format and adapter, as the layers that compute take it.</summary>
internal static class RecipeTarget
{
    /// <exception cref="InputException">There is no such device.</exception>
    public static ComputeTarget Target(this Recipe recipe) =>
        ComputeTarget.Parse(recipe.Device, recipe.Precision == Precision.Bf16 ? "bfloat16" : "float32");

    /// <summary>The loss of a DPO stage and its constants.</summary>
    public static PreferenceLossOptions Losses(this DpoOptions options) => new()
    {
        Loss = LossMix.Parse(options.Loss),
        Beta = options.Beta,
        LabelSmoothing = options.LabelSmoothing,
        Gamma = options.Gamma,
        Divergence = options.Divergence,
        DivergenceAlpha = options.DivergenceAlpha,
        LdAlpha = options.LdAlpha,
        WeightByPolicy = options.WeightByPolicy,
    };

    /// <summary>What a DPO stage minimises.</summary>
    public static IObjective<PromptExample> Objective(this DpoOptions options) => options is OfflineDpoOptions { Unpaired: true } kto
        ? new KtoObjective(kto.Beta, kto.DesirableWeight, kto.UndesirableWeight)
        : new DpoObjective(options.Losses());

    /// <summary>What a reward model minimises.</summary>
    public static RewardObjective Objective(this RewardOptions options) => new(options.CenterRewards, options.Margin);

    /// <summary>The adapter to be trained; null where all weights are.</summary>
    public static LoraOptions? Lora(this AdapterOptions options) => options.Rank == 0 ? null : new LoraOptions
    {
        Rank = options.Rank,
        Alpha = options.Alpha,
        Dropout = options.Dropout,
        Targets = options.Targets,
        RankStabilised = options.Rslora,
    };
}
