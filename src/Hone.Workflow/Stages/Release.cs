using Hone.Data;
using Hone.Models;
using Hone.Runs;
using Hone.Runs.Recipes;

namespace Hone.Workflow;

/// <summary>The release folder: the chosen policy as a Hugging Face folder with its model card.</summary>
internal static class Release
{
    public static void Write(RunContext run, ResolvedRecipe recipe, RunInputs inputs, RunResults results, ModelRef released, string folder)
    {
        DurableFiles.Instance.DeleteTree(folder);
        DurableFiles.Instance.WriteFolder(folder, beside =>
        {
            foreach (string file in Directory.EnumerateFiles(released.Folder))
                File.Copy(file, Path.Combine(beside, Path.GetFileName(file)));
            ModelCard.Write(beside, Info(recipe, inputs, results, released.Folder), results);
        });
        run.Say($"released model: {folder}");
    }

    private static ModelCardInfo Info(ResolvedRecipe recipe, RunInputs inputs, RunResults results, string releasedFolder)
    {
        Recipe r = recipe.Value;
        var steps = results.Stages.ToDictionary(s => s.Name, s => s.Steps);
        TrainingStage Row(string name, string data, int examples, TrainOptions o, double rate, string? stage = null) => new(
            name, data, examples, steps.GetValueOrDefault(stage ?? name), o.BatchSize, rate);
        var stages = new List<TrainingStage>();
        if (r.Sft.Enabled) stages.Add(Row("sft", "conversations", inputs.Sft.Count, r.Sft, r.Sft.LearningRate));
        if (r.Reward.Enabled) stages.Add(Row("reward", "labelled pairs", inputs.Preferences.Count, r.Reward, r.Reward.LearningRate));
        if (r.OfflineDpo.Enabled)
            stages.Add(Row("offline-dpo", "labelled pairs", inputs.Preferences.Count, r.OfflineDpo, r.OfflineDpo.LearningRate));
        stages.AddRange(results.Iterations.Select(i => Row(
            $"online-dpo-{i.Iteration}", "best against worst of its own answers", i.Pairs, r.Online,
            OnlineIteration.Options(r.Online, i.Iteration).LearningRate, $"online-{i.Iteration}/dpo")));
        bool world = r.Model == "world", policy = r.Sft.Enabled || r.OfflineDpo.Enabled || r.Online.Enabled;
        return Source(recipe, world ? "" : r.Model) with
        {
            Stages = stages,
            IsDemonstration = world,
            IsRewardModel = !policy,
            IsAdapter = PeftConfig.IsIn(releasedFolder),
        };
    }

    /// <summary>What a recipe tells of where its model comes from.</summary>
    /// <param name="model">The base model; empty for that of the embedded world.</param>
    public static ModelCardInfo Source(ResolvedRecipe recipe, string model)
    {
        Recipe r = recipe.Value;
        return new ModelCardInfo
        {
            Name = r.Name,
            BaseModel = model.Length == 0
                ? "the embedded small world's base model"
                : Path.GetFileName(Path.TrimEndingDirectorySeparator(model)),
            BaseModelId = HubIds([model], "models").FirstOrDefault(),
            DatasetIds = [.. HubIds([.. r.Data.Sft, .. r.Data.Preferences, .. r.Data.Prompts, .. r.Data.Stories.Files], "datasets")],
            License = r.License.Length > 0 ? r.License : null,
            Languages = model.Length == 0 ? ["en"] : [],
            RecipeYaml = RecipeText.Show(recipe),
        };
    }

    private static IEnumerable<string> HubIds(IReadOnlyList<string> given, string kind) => given
        .Where(path => path.StartsWith(HubId.Scheme, StringComparison.Ordinal))
        .Select(HubId.Parse).Where(id => id.Kind == kind).Select(id => id.Name);
}
