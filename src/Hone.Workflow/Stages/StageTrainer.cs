using Hone.Data;
using Hone.Models;
using Hone.Runs;
using Hone.Runs.Recipes;
using Hone.Training;
using static TorchSharp.torch;

namespace Hone.Workflow;

/// <summary>Runs a trainer inside a stage folder: goes on from the newest state, writes metrics, saves states.</summary>
internal static class StageTrainer
{
    private const string StateFile = "state.safetensors";

    /// <param name="stepped">Called after each step with (step, total steps), for stages that keep intermediate models.</param>
    public static void Run<T>(
        RunContext run, StageFolder stage, Transformer model, IObjective<T> objective, IReadOnlyList<T> train, IReadOnlyList<T> heldOut,
        TrainOptions options, Action<int, int>? stepped = null)
    {
        using var trainer = new Trainer<T>(model, objective, train, heldOut, Map(options, Seeds.Derive(run.Seed, stage.Name)),
            new TrainingHooks(
                report =>
                {
                    if (report.Step % options.LogEvery == 0 || report.Step == report.TotalSteps) stage.Append(report.Step, report.Metrics);
                    run.Progress(stage.Name, report);
                    stepped?.Invoke(report.Step, report.TotalSteps);
                },
                stage.Append,
                (step, state) => stage.SaveState(step, writer =>
                {
                    using Stream file = writer.Create(StateFile);
                    SafetensorsWriter.Write(file, state, ScalarType.Float32);
                })));
        if (stage.Resume is { } saved)
        {
            using SafetensorsFile file = SafetensorsFile.Open(Path.Combine(saved.Folder, StateFile));
            trainer.Restore(saved.Step, name =>
                file.Header.Entries.ContainsKey(name) ? file.Read(name, ScalarType.Float32, run.Target.Device) : null);
        }
        run.Begin(stage.Name, trainer.Step);
        trainer.Run(run.Cancel);
    }

    private static TrainingOptions Map(TrainOptions o, ulong seed) => new()
    {
        Epochs = o.Epochs,
        LearningRate = o.LearningRate,
        Schedule = o.Schedule,
        WarmupRatio = o.WarmupRatio,
        BatchSize = o.BatchSize,
        MicroBatchTokens = o.MicroBatchTokens,
        CheckpointActivations = o.CheckpointActivations,
        OptimizerState = o.OptimizerState,
        WeightDecay = o.WeightDecay,
        AdamBeta1 = o.AdamBeta1,
        AdamBeta2 = o.AdamBeta2,
        AdamEpsilon = o.AdamEpsilon,
        ClipNorm = o.ClipNorm ?? 0,
        Seed = seed,
        EvalEvery = o.EvalEvery,
        SaveEvery = o.SaveEvery,
    };
}
