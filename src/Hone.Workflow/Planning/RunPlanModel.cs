using Hone.Models;
using Hone.Runs.Recipes;
using Hone.Workflow.World;

namespace Hone.Workflow;

/// <summary>The shape of a recipe's base model, from its configuration alone.</summary>
internal static class RunPlanModel
{
    /// <param name="localise">From the recipe's word for the model to its folder on this machine.</param>
    /// <exception cref="InputException">There is no such model.</exception>
    public static TransformerConfig Config(Recipe recipe, Func<string, string> localise) =>
        recipe.Model == "world" ? WorldBaseModel.Config : ConfigFile.Load(localise(recipe.Model));
}
