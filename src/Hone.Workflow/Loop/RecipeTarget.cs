using Hone.Data;
using Hone.Inference;
using Hone.Runs.Recipes;

namespace Hone.Workflow;

/// <summary>What a recipe says of device and number format, as a target to compute on.</summary>
public static class RecipeTarget
{
    /// <exception cref="InputException">There is no such device.</exception>
    public static ComputeTarget Target(this Recipe recipe) =>
        ComputeTarget.Parse(recipe.Device, recipe.Precision == Precision.Bf16 ? "bfloat16" : "float32");
}
