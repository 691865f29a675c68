using System.CommandLine;
using Hone.Runs.Recipes;
using Hone.Workflow;

namespace Hone.Cli;

/// <summary><c>hone reward</c>: a Bradley-Terry reward model from preference pairs.</summary>
internal static class RewardVerb
{
    public static Command Create(Streams io)
    {
        Option<string> model = StageOptions.Folder("--model", "Folder of the language model to start from, usually the SFT model.");
        Option<string[]> data = StageOptions
            .Files("--data", "Preference pairs: files or folders (.jsonl, .json, .csv, .parquet, packed or not).");
        var command = new Verb("reward", "Train a reward model on preference pairs.", $$"""
            Rows hold `chosen` and `rejected`, as message lists or as texts beside `prompt`. The settings are those under
            reward in the recipe; data.held_out.reward rows are set aside, and eval/accuracy says how often the model
            ranks them right. The result is a LlamaForSequenceClassification with one label.
            {{Training.Resuming}}

            Example:
              hone reward --model models/sft --data pairs.jsonl --output models/reward
            """)
        { model, data };
        var options = new StageOptions(command, resumable: true, section: "reward", columns: true);
        options.Act(command, io, parsed => Training.Run(io, options, parsed,
            options.Resolve(parsed,
            [
                .. Training.Inputs(parsed.GetRequiredValue(model), "data.preferences", parsed.GetRequiredValue(data)),
                RecipeOverride.Flag("--model", "reward.start_from", "base"),
                RecipeOverride.Flag("hone reward", "reward.enabled", "true"),
            ]),
            FileStages.Reward));
        return command;
    }
}
