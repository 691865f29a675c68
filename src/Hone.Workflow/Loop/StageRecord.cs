using Hone.Models;
using Hone.Runs;
using Hone.Runs.Recipes;

namespace Hone.Workflow;

/// <summary>What a single training leaves beside its model: results.json, report.html and the model card.</summary>
internal static class StageRecord
{
    /// <param name="model">Folder of the trained model, which gets the card.</param>
    /// <param name="name">Name of the model.</param>
    /// <param name="command">The command line.</param>
    /// <param name="seconds">Wall time of this process.</param>
    public static void Write(RunContext run, RunFolder folder, string model, string name, string command, double seconds)
    {
        var results = new RunResults
        {
            Name = name,
            Rows = [],
            Seed = run.Seed,
            Settings = RunSession.Settings(folder.Recipe),
            Data = [.. run.DataReport],
            Stages = StageTimes.Read(folder.MetricsPath, folder.TimingPath),
            Command = command,
            WallSeconds = seconds,
            PeakMemoryBytes = RunSession.PeakMemory(),
            Machine = RunSession.Machine(run.Target.Device),
        };
        RunResultsJson.Write(results, folder.File(RunResults.FileName));
        ReportWriter.Write(folder.Path);
        ModelCard.Write(model, Info(run, folder.Recipe, results, model, name), results);
    }

    private static ModelCardInfo Info(RunContext run, ResolvedRecipe recipe, RunResults results, string model, string name)
    {
        Recipe r = recipe.Value;
        return Release.Source(recipe, r.Model == "world" ? "" : r.Model) with
        {
            Name = name,
            Stages = [.. results.Stages.Where(s => s.Steps > 0).Select(s =>
            {
                (TrainOptions o, string data) = s.Name switch
                {
                    "sft" => ((TrainOptions)r.Sft, "conversations or texts"),
                    "reward" => (r.Reward, "labelled pairs"),
                    _ => (r.OfflineDpo, "pairs"),
                };
                return new TrainingStage(s.Name, data, run.Trained.GetValueOrDefault(s.Name), s.Steps, o.BatchSize, o.LearningRate);
            })],
            IsRewardModel = ConfigFile.Load(model).IsRewardModel,
            IsAdapter = PeftConfig.IsIn(model),
        };
    }
}
