using System.CommandLine;
using Hone.Runs.Recipes;
using Hone.Workflow;

namespace Hone.Cli;

/// <summary><c>hone dpo</c>: DPO on pairs or preferences.</summary>
internal static class DpoVerb
{
    public static Command Create(Streams io)
    {
        Option<string> model = StageOptions.Folder("--model", "Folder of the policy to train.");
        var reference = new Option<string?>("--reference")
        {
            Description = "Folder of the model that the policy is held to; default: the policy as it begins, or what the pairs carry.",
        };
        Option<string[]> pairs =
            StageOptions.Files("--data",
                "Pairs of hone pair, or preference rows: files or folders (.jsonl, .json, .csv, .parquet, packed or not).", "--pairs");
        var command = new Verb("dpo", "Train a policy by DPO on pairs.", $$"""
            The settings are those under offline_dpo in the recipe. The reference's log-probabilities are computed once
            and stored with the result, in training/pairs.jsonl.
            {{Training.Resuming}}

            Example:
              hone dpo --model models/sft --data pairs.jsonl --output models/dpo
            """)
        { model, reference, pairs };
        var options = new StageOptions(command, resumable: true, section: "offline_dpo", columns: true);
        options.Act(command, io, parsed =>
        {
            ResolvedRecipe recipe = options.Resolve(parsed,
                Training.Inputs(parsed.GetRequiredValue(model), "data.preferences", parsed.GetRequiredValue(pairs)));
            return Training.Run(io, options, parsed, recipe, run => DpoStage.Run(run, run.Recipe.Data.Preferences,
                ModelRef.LanguageModel(run.Recipe.Model, run.Digests),
                parsed.GetValue(reference) is { } folder ? ModelRef.LanguageModel(io.Model(folder, recipe.Value.Template)) : null));
        });
        return command;
    }
}
