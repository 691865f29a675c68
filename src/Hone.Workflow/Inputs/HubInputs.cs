using Hone.Data;
using Hone.Inference;
using Hone.Runs.Recipes;

namespace Hone.Workflow;

/// <summary>
/// A recipe's hub ids, GGUF files and chat template as folders on this machine. The run's own recipe keeps the ids; contents,
/// not paths, are what stages depend on.
/// </summary>
internal static class HubInputs
{
    /// <exception cref="InputException">As <see cref="ModelPath.Folder(string, string?, Action{string})"/>.</exception>
    public static Recipe Localise(Recipe recipe, Action<string> say)
    {
        string Model(string given) =>
            given.StartsWith(HubId.Scheme, StringComparison.Ordinal) ? ModelPath.Folder(given, say) : ModelPath.Folder(given);
        IReadOnlyList<string> Files(IReadOnlyList<string> given) => [.. given.Select(g => HubPath.Data(g, say))];
        return recipe with
        {
            Model = recipe.Template.Length == 0 || recipe.Model == "world"
                ? Model(recipe.Model)
                : ModelPath.Folder(Model(recipe.Model), recipe.Template, say),
            Online = recipe.Online with { Judge = Model(recipe.Online.Judge) },
            Reward = recipe.Reward with { StartFrom = Model(recipe.Reward.StartFrom) },
            Data = recipe.Data with
            {
                Sft = Files(recipe.Data.Sft),
                Preferences = Files(recipe.Data.Preferences),
                Prompts = Files(recipe.Data.Prompts),
                Stories = recipe.Data.Stories with { Files = Files(recipe.Data.Stories.Files) },
            },
            Evaluation = recipe.Evaluation with { Prompts = Files(recipe.Evaluation.Prompts) },
        };
    }
}
