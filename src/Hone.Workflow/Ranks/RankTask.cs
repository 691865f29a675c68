using System.Text.Json;
using Hone.Data;
using Hone.Inference;
using Hone.Runs.Recipes;
using Hone.Training;
using static TorchSharp.torch;

namespace Hone.Workflow;

/// <summary>
/// A training that rank 0 is about to begin and all ranks share: what another rank needs to build the same model and the same trainer.
/// The examples follow it.
/// </summary>
/// <param name="Stage">Its name, which seeds are derived from.</param>
/// <param name="Model">Folder of the model to begin on, which every rank can read.</param>
/// <param name="Step">Steps that a saved state has behind it; 0 for none.</param>
/// <param name="Supervised">Whether conversations are learnt, and not which answer is better.</param>
/// <param name="Section">The recipe's section, which <paramref name="Options"/> are of.</param>
/// <param name="Options">Its settings, as JSON.</param>
internal sealed record RankTask(
    string Stage, string Model, int Step, bool Supervised, string Section, JsonElement Options, AdapterOptions Adapter, RankOptions Ranks,
    int Seed, string Device, Precision Precision)
{
    private static readonly Dictionary<string, Type> s_sections = new()
    {
        ["sft"] = typeof(SftOptions),
        ["reward"] = typeof(RewardOptions),
        ["offline_dpo"] = typeof(OfflineDpoOptions),
        ["online"] = typeof(OnlineOptions),
    };

    /// <summary>Rank 0 tells the others what is to be done, and gives them the examples.</summary>
    public static void Announce<T>(
        RunContext run, string stage, string model, int step, TrainOptions options, IReadOnlyList<T> train, IReadOnlyList<T> heldOut)
    {
        if (run.Ranks.Alone) return;
        Type type = options.GetType();
        var task = new RankTask(stage, Path.GetFullPath(model), step, typeof(T) == typeof(SftExample),
            s_sections.Single(s => s.Value == type).Key, JsonSerializer.SerializeToElement(options, type), run.Recipe.Adapter,
            run.Recipe.Ranks, run.Recipe.Seed, run.Recipe.Device, run.Recipe.Precision);
        run.Say($"{stage}: {run.Ranks.Description}");
        run.Ranks.FromLeader(JsonSerializer.SerializeToUtf8Bytes(task));
        ExampleBytes.Share(run.Ranks, train);
        ExampleBytes.Share(run.Ranks, heldOut);
    }

    /// <summary>Another rank than 0: does what it is told, until all is done.</summary>
    public static void Follow(Training.Ranks ranks)
    {
        while (ranks.FromLeader(null) is { } bytes)
        {
            RankTask task = JsonSerializer.Deserialize<RankTask>(bytes)!;
            var options = (TrainOptions)task.Options.Deserialize(s_sections[task.Section])!;
            if (task.Supervised) task.Train(ranks, new SftObjective(), options);
            else task.Train(ranks, options is RewardOptions reward ? reward.Objective() : ((DpoOptions)options).Objective(), options);
        }
    }

    /// <summary>How several ranks compute, among the settings of a training.</summary>
    public static TrainingOptions Shared(TrainingOptions options, RankOptions ranks) =>
        options with { Deterministic = ranks.Deterministic, ShardOptimizer = ranks.ShardOptimizer };

    private void Train<T>(Training.Ranks ranks, IObjective<T> objective, TrainOptions options)
    {
        IReadOnlyList<T> train = ExampleBytes.Share<T>(ranks, null), heldOut = ExampleBytes.Share<T>(ranks, null);
        ComputeTarget target = new Recipe { Device = DeviceOf(Device, ranks.LocalRank), Precision = Precision }.Target();
        TrainingStart start = RunContext.TrainingOf(Adapter, (ulong)Seed, Stage);
        using PretrainedModel model = options is RewardOptions
            ? PretrainedModel.OpenAsNewRewardModel(Model, target, start)
            : PretrainedModel.Open(Model, target, start);
        TrainingOptions settings = Shared(StageTrainer.Options(options, Seeds.Derive((ulong)Seed, Stage)), Ranks);
        using var trainer = new Trainer<T>(model.Model, objective, train, heldOut, settings,
            new TrainingHooks(_ => { }, (_, _) => { }, (_, _) => { }), ranks);
        if (Step > 0) trainer.Restore(Step, _ => null);
        trainer.Run(CancellationToken.None);
    }

    /// <summary>
    /// The device of another rank than 0, by the recipe's word: the GPU of its number on the host, or the only one that it sees, as where
    /// Slurm gives each task its own.
    /// </summary>
    public static string DeviceOf(string device, int localRank) =>
        device is not ("auto" or "cuda") || !cuda.is_available() ? device : cuda.device_count() == 1 ? "cuda:0" : $"cuda:{localRank}";
}
