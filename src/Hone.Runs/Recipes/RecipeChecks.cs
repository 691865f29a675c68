using Hone.Data;

namespace Hone.Runs.Recipes;

/// <summary>Rules between several values of a recipe.</summary>
internal static class RecipeChecks
{
    /// <summary>Refuses values that contradict each other whatever stage is run.</summary>
    internal static void Consistency(ResolvedRecipe recipe)
    {
        Recipe r = recipe.Value;
        PromptFits(recipe, "offline_dpo", r.OfflineDpo);
        PromptFits(recipe, "online", r.Online);
        Parses(recipe, "offline_dpo.loss", () => LossMix.Parse(r.OfflineDpo.Loss));
        Parses(recipe, "online.loss", () => LossMix.Parse(r.Online.Loss));
        if (LossMix.Parse(r.Online.Loss).Unpaired)
            throw Wrong(recipe, "online.loss", "kto learns from answers that are labelled one by one, and an iteration makes pairs",
                "Take a loss on pairs, such as sigmoid.");
        for (int i = 0; i < r.OfflineDpo.BetaSweep.Count; i++)
        {
            double beta = r.OfflineDpo.BetaSweep[i];
            if (beta is <= 0 or > 100)
                throw Wrong(recipe, $"offline_dpo.beta_sweep.{i}", $"{OptionValue.Format(beta)} is not above 0 and at most 100");
            if (beta == r.OfflineDpo.Beta || r.OfflineDpo.BetaSweep.Take(i).Contains(beta))
                throw Wrong(recipe, $"offline_dpo.beta_sweep.{i}", $"{OptionValue.Format(beta)} is there already",
                    "offline_dpo.beta is trained with as well: name further ones, each once.");
        }
        if (r.Reward.TooLong == LengthPolicy.Faithful)
            throw Wrong(recipe, "reward.too_long",
                "the reward model has no faithful length policy: the public code cuts each answer's prompt at another place",
                "Take drop or keep_end_of_prompt.");
        if (r.Sft.PackingLength > r.Sft.MaxLength)
            throw Wrong(recipe, "sft.packing_length", $"{r.Sft.PackingLength} is more than sft.max_length {r.Sft.MaxLength}");
        long n = r.Online.Samples.Sum(s => (long)s.Count);
        if (n is < 2 or > 4096)
            throw Wrong(recipe, "online.samples", $"{n} answers per prompt; a pair needs 2, and 4096 is the most");
        if (r.Online.Keep == KeptWeights.Best)
            throw Wrong(recipe, "online.keep", "an iteration has no held-out pairs to find the best weights on",
                "Leave it at last; the best iterate is chosen on held-out prompts.");
        if (r.Online.Samples.All(s => s.From != SampleSource.Current))
            throw Wrong(recipe, "online.samples", "no answers are from the policy that is trained", "Give a group with from: current.");
        for (int i = 0; i < r.Workers.Count; i++)
            if (!Uri.TryCreate(r.Workers[i], UriKind.Absolute, out Uri? address) || address.Scheme is not ("http" or "https"))
                throw Wrong(recipe, $"workers.{i}", $"{r.Workers[i]} is no address of a server", "For example http://10.0.0.5:8000");
        Weights(recipe, "sft", r.Data.Weights.Sft);
        Weights(recipe, "preferences", r.Data.Weights.Preferences);
        Weights(recipe, "prompts", r.Data.Weights.Prompts);
        for (int i = 0; i < r.Data.Filters.Count; i++)
            Parses(recipe, $"data.filters.{i}", () => RowFilter.Parse(r.Data.Filters[i]));
        if (r.Data.Columns.Count > 0) Parses(recipe, "data.columns.0", () => ColumnNames.Parse(r.Data.Columns));
        bool stories = r.Data.Stories.Files.Count > 0;
        if (stories && r.Data.World != DataWorld.None)
            throw Wrong(recipe, "data.stories.files", "files are given, but data.world is tiny",
                "Set data.world: none to use files, or remove them.");
        foreach (string key in r.Data.World == DataWorld.None && !stories ? [] : new[] { "sft", "preferences", "prompts" })
        {
            if (Files(r.Data, key).Count > 0)
                throw Wrong(recipe, $"data.{key}",
                    $"files are given, but {(stories ? "data.stories serves all stages" : "data.world is tiny")}",
                    stories ? "Give one or the other." : "Set data.world: none to use files, or remove them.");
        }
    }

    /// <summary>Refuses a recipe whose run lacks something: data of an enabled stage, a model, a reward model, a file.</summary>
    public static void ForRun(ResolvedRecipe recipe)
    {
        Complete(recipe);
        Present(recipe);
    }

    /// <summary>Refuses a recipe whose enabled stages do not have all that they need, whatever the machine.</summary>
    public static void Complete(ResolvedRecipe recipe)
    {
        Recipe r = recipe.Value;
        if (r.Template.Length > 0 && r.Model == "world")
            throw Wrong(recipe, "template", "the embedded world has a template of its own", "Leave it out, or give a model.");
        if (r.Online.Enabled && !r.Reward.Enabled && r.Reward.StartFrom is "sft" or "base")
            throw Wrong(recipe, "reward.enabled", "online DPO needs a reward model",
                "Enable the stage, or give the folder of a trained one as reward.start_from.");
        if (!r.Sft.Enabled && !r.Reward.Enabled && !r.OfflineDpo.Enabled && !r.Online.Enabled)
            throw Wrong(recipe, "sft.enabled", "no stage is enabled", "Enable at least one of sft, reward, offline_dpo and online.");
        if (r.Evaluation.Enabled && !r.Reward.Enabled && r.Reward.StartFrom is "sft" or "base")
            throw Wrong(recipe, "evaluation.enabled", "the final table needs a reward model",
                "Set evaluation.enabled: false, or give the folder of a trained reward model as reward.start_from.");
        if (r.Online.Enabled && r.Data.HeldOut.Selection == 0)
            throw Wrong(recipe, "data.held_out.selection", "the best iterate is chosen on held-out prompts, and there are none",
                "Give a number of prompts, or auto.");
        if (r.Evaluation.Enabled && r.Data.HeldOut.Test == 0 && r.Evaluation.Prompts.Count == 0)
            throw Wrong(recipe, "data.held_out.test", "the final table is made from test prompts, and there are none",
                "Give a number of prompts, auto, or files as evaluation.prompts.");
        if (r.Data.World == DataWorld.None && r.Data.Stories.Files.Count == 0)
        {
            Needs(recipe, "sft", r.Sft.Enabled, "sft");
            Needs(recipe, "preferences", r.Reward.Enabled || r.OfflineDpo.Enabled, r.Reward.Enabled ? "reward" : "offline_dpo");
            Needs(recipe, "prompts", r.Online.Enabled, "online");
        }
    }

    /// <summary>Refuses a recipe that names a file or folder which is not on this machine.</summary>
    public static void Present(ResolvedRecipe recipe)
    {
        Recipe r = recipe.Value;
        if (r.Model != "world") Exists(recipe, "model", r.Model);
        if (r.Reward.StartFrom is not ("sft" or "base")) Exists(recipe, "reward.start_from", r.Reward.StartFrom);
        if (r.Online.Judge != "reward") Exists(recipe, "online.judge", r.Online.Judge);
        foreach (string key in new[] { "sft", "preferences", "prompts" })
        {
            IReadOnlyList<string> files = Files(r.Data, key);
            for (int i = 0; i < files.Count; i++) Exists(recipe, $"data.{key}.{i}", files[i]);
        }
        for (int i = 0; i < r.Data.Stories.Files.Count; i++) Exists(recipe, $"data.stories.files.{i}", r.Data.Stories.Files[i]);
        for (int i = 0; i < r.Evaluation.Prompts.Count; i++) Exists(recipe, $"evaluation.prompts.{i}", r.Evaluation.Prompts[i]);
    }

    private static void PromptFits(ResolvedRecipe recipe, string section, DpoOptions options)
    {
        if (options.MaxPromptLength >= options.MaxLength)
            throw Wrong(recipe, $"{section}.max_prompt_length",
                $"{options.MaxPromptLength} leaves no room for an answer within {section}.max_length {options.MaxLength}");
    }

    private static void Needs(ResolvedRecipe recipe, string key, bool needed, string stage)
    {
        if (needed && Files(recipe.Value.Data, key).Count == 0)
            throw Wrong(recipe, $"data.{key}", $"the stage {stage} needs data",
                $"Give data.{key}, set data.world: tiny, or set {stage}.enabled: false.");
    }

    private static IReadOnlyList<string> Files(DataOptions data, string key) =>
        key switch { "sft" => data.Sft, "preferences" => data.Preferences, _ => data.Prompts };

    private static void Weights(ResolvedRecipe recipe, string key, IReadOnlyList<double> weights)
    {
        int entries = Files(recipe.Value.Data, key).Count;
        if (weights.Count > 0 && weights.Count != entries)
            throw Wrong(recipe, $"data.weights.{key}", $"{weights.Count} weights for {entries} entries of data.{key}",
                "Give one weight per entry, in their order, or none.");
        for (int i = 0; i < weights.Count; i++)
            if (weights[i] is < 0 or > 100)
                throw Wrong(recipe, $"data.weights.{key}.{i}", $"{OptionValue.Format(weights[i])} is not between 0 and 100");
    }

    private static void Parses(ResolvedRecipe recipe, string key, Action parse)
    {
        try
        {
            parse();
        }
        catch (InputException e)
        {
            throw Wrong(recipe, key, e.Message);
        }
    }

    private static void Exists(ResolvedRecipe recipe, string key, string path)
    {
        if (path.StartsWith(HubId.Scheme, StringComparison.Ordinal)) return;
        if (path.Contains('*', StringComparison.Ordinal)) DataFile.Expand([path]);
        else if (!File.Exists(path) && !Directory.Exists(path))
            throw Wrong(recipe, key, $"there is no file or folder {path}", "A repository on a hub is written hf://owner/name.");
    }

    private static InputException Wrong(ResolvedRecipe recipe, string key, string what, string? fix = null)
    {
        Origin origin = recipe.OriginOf(key);
        return new($"{key}: {what}", origin.Kind == OriginKind.Default ? null : origin.Where, fix);
    }
}
