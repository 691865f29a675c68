using System.CommandLine;
using Hone.Data;
using Hone.Inference;
using Hone.Runs;
using Hone.Runs.Recipes;
using Hone.Workflow;
using Hone.Workflow.Workers;

namespace Hone.Cli;

/// <summary><c>hone score</c>: rewards of sampled answers.</summary>
internal static class ScoreVerb
{
    public static Command Create(Streams io)
    {
        Option<string> model = StageOptions.Folder("--model", "Folder of the reward model.");
        Option<string> samples = StageOptions
            .Folder("--data", "File of hone sample, or any rows with `prompt` and `responses`.", "--samples");
        var command = new Verb("score", "Score sampled answers with a reward model.", """
            Adds `rewards` to every row, one per answer. A reward model with another tokenizer than the one that
            sampled reads the texts in place of the token ids.

            Example:
              hone score --model models/reward --data samples.jsonl --output scored.jsonl
            """)
        { model, samples };
        var workers = new WorkersFlag(command);
        var options = new StageOptions(command);
        options.Act(command, io, parsed =>
        {
            string output = options.NewFile(parsed), file = parsed.GetRequiredValue(samples);
            Recipe recipe = options.Resolve(parsed, workers.Overrides(parsed)).Value;
            SampleRow[] rows = [.. RowFile.ReadSamples(file)];
            if (rows.Length == 0) throw new InputException("the file has no rows", file);
            using PretrainedModel reward = PretrainedModel.OpenRewardModel(
                io.Model(parsed.GetRequiredValue(model), recipe.Template), recipe.Target());
            if (reward.Text.PlainNote is { } plain) io.Error.WriteLine(plain);
            bool ids = RewardScoring.IdsMatchTexts(reward.Text, rows);
            if (!ids) io.Error.WriteLine("the token ids are not those of this reward model: its own rendering of the texts is scored");
            using WorkerFleet? fleet = recipe.Workers.Count == 0 ? null
                : new WorkerFleet(recipe.Workers, recipe.Worker, io.Error.WriteLine, TimeProvider.System);
            using var stop = new StopSignal(io.Error.WriteLine);
            IReadOnlyList<SampleRow> scored = RewardScoring.Score(
                reward, ModelRef.FromFolder(reward.Path), ids, rows, recipe.Reward.MicroBatchTokens, fleet, stop.Token);
            StageOptions.MakeRoom(output);
            RowFile.Write(output, scored);
            ResultPrinter.Print(io.Out, options.Json(parsed),
                ("scored", output),
                ("prompts", scored.Count),
                ("mean_reward", scored.Average(r => r.Rewards!.Average())),
                ("best_reward", scored.Average(r => r.Rewards!.Max())),
                ("worst_reward", scored.Average(r => r.Rewards!.Min())));
            return 0;
        });
        return command;
    }
}
