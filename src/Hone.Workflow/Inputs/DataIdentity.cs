using Hone.Data;
using Hone.Runs;
using Hone.Runs.Recipes;

namespace Hone.Workflow;

/// <summary>What the data of a stage depends on: contents of files, sizes of parts, the seed of the split.</summary>
/// <param name="Rows">Of conversations and preferences.</param>
/// <param name="Prompts">Of the prompts of iterations, selection and test.</param>
public sealed record DataIdentity(StageInputs Rows, StageInputs Prompts)
{
    public static DataIdentity Of(Recipe recipe)
    {
        if (recipe.Data.Stories.Files.Count > 0) return OfStories(recipe);
        StageInputs rows = Common(recipe).AddKeys("data", recipe.Data, "held_out.sft", "held_out.reward", "limits", "weights.sft", "weights.preferences", "filters", "cleaning");
        AddFiles(rows, "data.sft", recipe.Data.Sft);
        AddFiles(rows, "data.preferences", recipe.Data.Preferences);
        StageInputs prompts = Common(recipe).AddKeys("data", recipe.Data, "held_out.selection", "held_out.test", "limits.prompts", "weights.prompts", "filters")
            .AddKeys("online", recipe.Online, "prompts_per_iteration", "iterations", "max_prompt_length", "max_length");
        AddFiles(prompts, "data.prompts", recipe.Data.Prompts);
        AddFiles(prompts, "evaluation.prompts", recipe.Evaluation.Prompts);
        return new DataIdentity(rows, prompts);
    }

    /// <summary>All parts are dealt from the same texts, so each depends on the sizes of all.</summary>
    private static DataIdentity OfStories(Recipe recipe)
    {
        StageInputs all = Common(recipe).AddKeys("data", recipe.Data, "held_out", "limits", "stories.opening")
            .Add("stories.answer_tokens", $"{recipe.Online.MaxNewTokens}").Add("stories.prompt_tokens", $"{recipe.Online.MaxPromptLength}")
            .Add("stories.prompts", recipe.Online.Enabled ? $"{recipe.Online.Iterations} x {recipe.Online.PromptsPerIteration}" : "0");
        AddFiles(all, "data.stories.files", recipe.Data.Stories.Files);
        return new DataIdentity(all, all);
    }

    private static StageInputs Common(Recipe recipe) => new StageInputs().Add("seed", $"{recipe.Seed}").AddKeys("data", recipe.Data, "world");

    private static void AddFiles(StageInputs inputs, string key, IReadOnlyList<string> paths)
    {
        for (int i = 0; i < paths.Count; i++)
        {
            IReadOnlyList<string> files = Path.Exists(paths[i]) ? [paths[i]] : DataFile.Expand([paths[i]]);
            for (int f = 0; f < files.Count; f++) inputs.AddContent(files.Count == 1 ? $"{key}[{i}]" : $"{key}[{i}].{f}", files[f]);
        }
    }
}
