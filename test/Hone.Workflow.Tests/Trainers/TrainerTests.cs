using Hone.Data;
using Hone.Inference;
using Hone.Runs.Recipes;
using Hone.Text;
using Hone.Training;
using Hone.Workflow.Tests.Loop;

namespace Hone.Workflow.Tests;

/// <summary>The trainers of the library, as docs/training-from-code.md shows them, on a model of a few thousand weights.</summary>
public sealed class TrainerTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly string _model;

    public TrainerTests()
    {
        _model = _folder.File("base");
        TinyModel.Write(_model);
    }

    private static ComputeTarget Cpu => ComputeTarget.Parse("cpu", "float32");

    private static Preference[] Pairs => [.. Enumerable.Range(0, 8).Select(i =>
        new Preference([ChatMessage.User($"tell me of the sea {i}")], "the sea is deep and blue", "no"))];

    private CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void Sft_learns_rows_and_its_model_opens_again()
    {
        using PretrainedModel model = PretrainedModel.Open(_model, Cpu, new TrainingStart());
        SftRow[] rows = [.. Pairs.Select(p => new Conversation([.. p.Prompt, ChatMessage.Assistant(p.Chosen)]))];
        var trainer = new SftTrainer(model, rows, new SftOptions { LearningRate = 1e-2, BatchSize = 4, Epochs = 4 }, heldOut: rows[..2]);
        List<StepReport> steps = [];
        List<double> evaluated = [];
        trainer.Stepped += steps.Add;
        trainer.Evaluated += (_, means) => evaluated.Add(means["eval/loss"]);
        StepReport last = trainer.Train(Cancel);
        Assert.Equal((8, 8, last), (steps.Count, last.TotalSteps, steps[^1]));
        Assert.True(last.Metrics["loss"] < steps[0].Metrics["loss"]);
        Assert.Single(evaluated);
        trainer.Save(_folder.File("sft"));
        using PretrainedModel again = PretrainedModel.OpenLanguageModel(_folder.File("sft"), Cpu);
        Assert.Contains("already", Assert.Throws<InputException>(() => trainer.Save(_folder.File("sft"))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Dpo_begins_at_ln_2_and_learns_the_preference()
    {
        using PretrainedModel model = PretrainedModel.Open(_model, Cpu, new TrainingStart());
        using PretrainedModel reference = PretrainedModel.Open(_model, Cpu);
        var trainer = new DpoTrainer(model, reference, Pairs, new OfflineDpoOptions
        {
            Beta = 0.1, LearningRate = 1e-2, BatchSize = 8, Epochs = 10, WarmupRatio = 0,
        });
        double? first = null;
        trainer.Stepped += step => first ??= step.Metrics["loss"];
        StepReport last = trainer.Train(Cancel);
        Assert.Equal(Math.Log(2), first!.Value, 1e-4);
        Assert.Equal(1, last.Metrics["rewards/accuracies"]);
        Assert.True(last.Metrics["loss"] < 0.6, $"{last.Metrics["loss"]}");
    }

    [Fact]
    public void A_reward_model_learns_which_is_better()
    {
        using PretrainedModel model = PretrainedModel.OpenAsNewRewardModel(_model, Cpu, new TrainingStart());
        var trainer = new RewardTrainer(model, Pairs, new RewardOptions { LearningRate = 1e-2, BatchSize = 8, Epochs = 10 });
        StepReport last = trainer.Train(Cancel);
        Assert.True(last.Metrics["loss"] < 0.6, $"{last.Metrics["loss"]}");
        trainer.Save(_folder.File("reward"));
        using PretrainedModel again = PretrainedModel.OpenRewardModel(_folder.File("reward"), Cpu);
    }

    /// <summary>Every setting that a recipe's stage follows, a trainer follows.</summary>
    [Fact]
    public void A_reward_models_margin_is_followed()
    {
        double First(double margin)
        {
            using PretrainedModel model = PretrainedModel.OpenAsNewRewardModel(_model, Cpu, new TrainingStart());
            var trainer = new RewardTrainer(model, [.. Pairs.Select(p => p with { Margin = 2 })],
                new RewardOptions { LearningRate = 1e-3, BatchSize = 8, Margin = margin });
            double? first = null;
            trainer.Stepped += step => first ??= step.Metrics["loss"];
            trainer.Train(Cancel);
            return first!.Value;
        }
        Assert.Equal(Math.Log(2), First(0), 1e-4);
        Assert.Equal(Math.Log(1 + Math.Exp(2)), First(1), 1e-4); // scores of 0 are apart by 0, and should be by 2
    }

    [Fact]
    public void Kto_takes_the_answers_of_preferences_one_by_one()
    {
        using PretrainedModel model = PretrainedModel.Open(_model, Cpu, new TrainingStart());
        using PretrainedModel reference = PretrainedModel.Open(_model, Cpu);
        var trainer = new DpoTrainer(model, reference, Pairs, new OfflineDpoOptions { Loss = "kto", LearningRate = 1e-3, BatchSize = 8 });
        double? first = null;
        trainer.Stepped += step => first ??= step.Metrics["loss"];
        trainer.Train(Cancel);
        Assert.Equal(0.5, first!.Value, 1e-3); // 1 - sigmoid(0), arXiv 2402.01306
    }

    [Fact]
    public void Checkpoints_of_activations_are_settled_and_what_needs_a_run_is_refused()
    {
        using PretrainedModel model = PretrainedModel.Open(_model, Cpu, new TrainingStart());
        SftRow[] rows = [.. Pairs.Select(p => new Conversation([.. p.Prompt, ChatMessage.Assistant(p.Chosen)]))];
        new SftTrainer(model, rows, new SftOptions { CheckpointActivations = ActivationCheckpoints.Auto }).Train(Cancel);
        Assert.False(model.Model.CheckpointBlocks);
        Assert.Contains("run", Assert.Throws<InputException>(() => new SftTrainer(model, rows, new SftOptions { Keep = KeptWeights.Best }))
            .Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_beyond_the_length_are_dropped_and_counted()
    {
        using PretrainedModel model = PretrainedModel.Open(_model, Cpu, new TrainingStart());
        Preference huge = new([ChatMessage.User("tell me")], string.Concat(Enumerable.Repeat("the sea is deep ", 500)), "no");
        var trainer = new DpoTrainer(model, model, [.. Pairs, huge], new OfflineDpoOptions { LearningRate = 1e-3, BatchSize = 8 });
        trainer.Train(Cancel);
        Assert.Equal((9, 1), (trainer.Rows.Read, trainer.Rows.DroppedCount));
    }

    [Fact]
    public void Wrong_options_and_models_are_told()
    {
        using PretrainedModel model = PretrainedModel.Open(_model, Cpu, new TrainingStart());
        Assert.Contains("Beta", Assert.Throws<InputException>(() =>
            new DpoTrainer(model, model, Pairs, new OfflineDpoOptions { Beta = -1 })).Message, StringComparison.Ordinal);
        Assert.Contains("OpenAsNewRewardModel", Assert.Throws<InputException>(() =>
            new RewardTrainer(model, Pairs, new RewardOptions()).Train(Cancel)).Message, StringComparison.Ordinal);
        using PretrainedModel half = PretrainedModel.Open(_model, ComputeTarget.Parse("cpu", "bfloat16"));
        Assert.Contains("TrainingStart", Assert.Throws<InputException>(() =>
            new SftTrainer(half, [], new SftOptions())).Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();
}
