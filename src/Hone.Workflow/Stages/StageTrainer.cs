using System.Globalization;
using Hone.Data;
using Hone.Inference;
using Hone.Models;
using Hone.Runs;
using Hone.Runs.Metrics;
using Hone.Runs.Recipes;
using Hone.Training;
using static TorchSharp.torch;

namespace Hone.Workflow;

/// <summary>Runs a trainer inside a stage folder: goes on from the newest state, writes metrics, saves states.</summary>
internal static class StageTrainer
{
    private const string StateFile = "state.safetensors";

    /// <summary>A model whose loss on what it saw first has changed by a smaller share has learnt nothing worth the name.</summary>
    private const double HardlyMoved = 1e-3;

    /// <param name="stepped">Called after each step with (step, total steps), for stages that keep intermediate models.</param>
    public static void Run<T>(
        RunContext run, StageFolder stage, PretrainedModel opened, IObjective<T> objective, IReadOnlyList<T> train,
        IReadOnlyList<T> heldOut, TrainOptions options, Action<int, int>? stepped = null)
    {
        Transformer model = opened.Model;
        (double? first, double peak) = (null, 0);
        Trainer<T>? running = null;
        BestWeights? best = null;
        options = TrainingMemory.Settle(
            options, model.Config, run.Recipe, run.Target.Device.type, ModelMemory.OfDevice(run.Target.Device));
        TrainingOptions settings = RankTask.Shared(Options(options, Seeds.Derive(run.Seed, stage.Name)), run.Recipe.Ranks);
        RankTask.Announce(run, stage.Name, opened.Path, stage.Resume?.Step ?? 0, options, train, heldOut);
        using var trainer = new Trainer<T>(model, objective, train, heldOut, settings,
            new TrainingHooks(
                report =>
                {
                    bool taken = report.Metrics.TryGetValue("loss", out double loss);
                    if (report.Step == 1 && taken) first = loss;
                    if (!taken || report.Step == 1 || report.Step % options.LogEvery == 0 || report.Step == report.TotalSteps)
                        stage.Append(report.Step, report.Metrics);
                    run.Progress(stage.Name, report with { Peak = peak });
                    stepped?.Invoke(report.Step, report.TotalSteps);
                },
                (step, metrics) =>
                {
                    metrics = Counted(metrics, heldOut.Sum(objective.LossUnits));
                    stage.Append(step, metrics);
                    best?.Offer(step, metrics);
                },
                (step, state) => stage.SaveState(step, writer =>
                {
                    using Stream file = writer.Create(StateFile);
                    SafetensorsWriter.Write(file, state, ScalarType.Float32);
                }))
            {
                Skipped = skipped => run.Say($"{stage.Name} step {skipped.Step} is left out: {skipped.Reason}; "
                    + SuspectRows.Name([.. skipped.Examples.Select(i => running!.Examples[i])], opened.Text)),
            }, run.Ranks);
        running = trainer;
        run.Trained[stage.Name] = train.Count - trainer.Skipped;
        if (trainer.Skipped > 0)
            run.Say($"{stage.Name}: {train.Count + heldOut.Count} examples, {trainer.Skipped} dropped "
                + $"({DropReason.NoLossTokens} {trainer.Skipped})");
        if (stage.Resume is { } saved)
        {
            using SafetensorsFile file = SafetensorsFile.Open(Path.Combine(saved.Folder, StateFile));
            trainer.Restore(saved.Step, name =>
                file.Header.Entries.ContainsKey(name) ? file.Read(name, ScalarType.Float32, run.Target.Device) : null);
        }
        if (options.Keep == KeptWeights.Best) best = new BestWeights(stage, model.Trainable);
        // A training that takes no thousand times as long is not worth the measurement.
        if (trainer.TotalWork > 1000 * MatrixPeak.Work(model.Device))
            peak = run.Ranks.Size * MatrixPeak.Measure(model.Device, run.Target.Type, run.Clock);
        run.Begin(stage.Name, trainer.Step);
        trainer.Run(run.Cancel);
        first ??= MetricsRow.Read(stage.File("metrics.jsonl")).FirstOrDefault()?.Values.GetValueOrDefault("loss");
        if (first is { } before && Unmoved(before, trainer.LossOfFirstBatch(), trainer.TotalSteps, options) is { } warning)
            run.Say($"{stage.Name}: {warning}");
        if (best?.Restore() is { } kept)
            run.Say(string.Create(CultureInfo.InvariantCulture,
                $"{stage.Name}: the weights of step {kept.Step} are kept, with the lowest held-out loss, {kept.Loss:F4}"));
        else if (best is not null) run.Say($"{stage.Name}: keep is best, but nothing is held out; the last weights are kept");
    }

    /// <summary>A share of pairs means little without their number.</summary>
    private static IReadOnlyDictionary<string, double> Counted(IReadOnlyDictionary<string, double> heldOut, int pairs) =>
        heldOut.ContainsKey("eval/rewards/accuracies") ? new Dictionary<string, double>(heldOut) { ["eval/pairs"] = pairs } : heldOut;

    /// <summary>What is to be said of a training that ended where it began; else null.</summary>
    internal static string? Unmoved(double before, double after, int steps, TrainOptions options) =>
        Math.Abs(after - before) >= HardlyMoved * Math.Abs(before) ? null : string.Create(CultureInfo.InvariantCulture,
            $"the model hardly moved: the loss on the first batch was {before:F4} and is {after:F4} after {steps} "
                + $"step{(steps == 1 ? "" : "s")} with a learning rate of {options.LearningRate}; raise learning_rate or epochs");

    /// <summary>A recipe's section as the training loop takes it.</summary>
    internal static TrainingOptions Options(TrainOptions o, ulong seed) => new()
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
        StopAfterSkipped = o.StopAfterSkipped,
        SkipSpikes = o.SkipSpikes,
        Seed = seed,
        EvalEvery = o.EvalEvery,
        SaveEvery = o.SaveEvery,
    };
}
