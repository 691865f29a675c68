using Hone.Data;
using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Training.Tests;

/// <summary>The loop itself: accumulation, resuming from every step, guards.</summary>
public sealed class TrainerTests
{
    private static readonly TransformerConfig s_config = new()
    {
        VocabularySize = 29,
        HiddenSize = 16,
        IntermediateSize = 24,
        LayerCount = 2,
        HeadCount = 2,
        KeyValueHeadCount = 1,
        HeadDim = 8,
        MaxPositions = 64,
        TieEmbeddings = true,
    };

    [Fact]
    public void A_batch_cut_into_many_passes_gives_the_gradient_of_the_whole()
    {
        Dictionary<string, float[]> whole = Train(Options() with { MicroBatchTokens = 10_000 }, steps: 3);
        Dictionary<string, float[]> cut = Train(Options() with { MicroBatchTokens = 12 }, steps: 3);
        foreach ((string name, float[] expected) in whole)
            for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], cut[name][i], 1e-4);
    }

    [Fact]
    public void Resuming_from_every_step_ends_with_the_same_bytes()
    {
        TrainingOptions options = Options() with { SaveEvery = 1 };
        var saved = new Dictionary<int, Dictionary<string, Tensor>>();
        using Trainer<SftExample> unbroken = Create(options, (step, state) =>
            saved[step] = state.ToDictionary(t => t.Key, t => t.Value.detach().clone().DetachFromDisposeScope()));
        unbroken.Run(CancellationToken.None);
        Assert.Equal(unbroken.TotalSteps - 1, saved.Count);
        foreach ((int step, Dictionary<string, Tensor> state) in saved)
        {
            using Trainer<SftExample> resumed = Create(options);
            resumed.Restore(step, name => state.GetValueOrDefault(name)?.alias());
            resumed.Run(CancellationToken.None);
            foreach ((string name, Tensor expected) in unbroken.State)
                Assert.True(expected.bytes.SequenceEqual(resumed.State[name].bytes), $"{name} after resuming at step {step}");
        }
    }

    [Fact]
    public void Cancelling_saves_the_finished_step_and_throws()
    {
        using var source = new CancellationTokenSource();
        int savedAt = -1;
        using Trainer<SftExample> trainer = Create(Options(), (step, _) => savedAt = step, report =>
        {
            if (report.Step == 2) source.Cancel();
        });
        Assert.Throws<OperationCanceledException>(() => trainer.Run(source.Token));
        Assert.Equal(2, savedAt);
    }

    [Fact]
    public void A_loss_that_is_not_finite_stops_before_the_weights_change()
    {
        using var model = new Transformer(s_config, RandomWeights.Create(s_config, 1), ScalarType.Float32);
        model.Weights["model.norm.weight"].fill_(float.NaN);
        float before = model.Embedding.sum().item<float>();
        using var trainer = new Trainer<SftExample>(model, new SftObjective(), Examples(), [], Options(), Hooks());
        TrainingException error = Assert.Throws<TrainingException>(() => trainer.Run(CancellationToken.None));
        Assert.Contains("Step 1", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, model.Embedding.sum().item<float>());
    }

    [Fact]
    public void Loss_falls_and_held_out_examples_are_evaluated_at_the_end()
    {
        IReadOnlyDictionary<string, double>? evaluated = null;
        var losses = new List<double>();
        using var model = new Transformer(s_config, RandomWeights.Create(s_config, 1), ScalarType.Float32);
        using var trainer = new Trainer<SftExample>(model, new SftObjective(), Examples(), Examples(), Options() with { Epochs = 20 },
            new TrainingHooks(r => losses.Add(r.Metrics["loss"]), (_, m) => evaluated = m, (_, _) => { }));
        trainer.Run(CancellationToken.None);
        Assert.True(losses[^1] < losses[0] / 2);
        Assert.True(evaluated!["eval/loss"] < losses[0] / 2);
    }

    /// <summary>A block of packed conversations may hold nothing but a question: its loss was 0/0, and the data was blamed.</summary>
    [Fact]
    public void Examples_without_a_learnt_token_are_skipped_and_counted_in_training_and_in_evaluation()
    {
        // The first token is not predicted: a mark on it alone is nothing to learn.
        SftExample[] empty = [new([1, 2, 3], [false, false, false]), new([4, 1], [true, false])];
        var losses = new List<double>();
        bool evaluated = false;
        using var model = new Transformer(s_config, RandomWeights.Create(s_config, 1), ScalarType.Float32);
        using var trainer = new Trainer<SftExample>(model, new SftObjective(), [empty[0], .. Examples(), empty[1]], empty,
            Options() with { BatchSize = 1, Epochs = 1 },
            new TrainingHooks(r => losses.Add(r.Metrics["loss"]), (_, _) => evaluated = true, (_, _) => { }));
        trainer.Run(CancellationToken.None);
        Assert.Equal(4, trainer.Skipped);
        Assert.Equal(Examples().Count, losses.Count);
        Assert.All(losses, loss => Assert.True(double.IsFinite(loss)));
        Assert.False(evaluated);
        Assert.Contains("None of the 2 examples has anything to learn", Assert.Throws<InputException>(
            () => new Trainer<SftExample>(model, new SftObjective(), empty, [], Options(), Hooks())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_loss_of_the_first_batch_is_that_of_the_first_step_until_something_is_learnt()
    {
        var losses = new List<double>();
        using Trainer<SftExample> trainer = Create(Options() with { Epochs = 20 }, stepped: r => losses.Add(r.Metrics["loss"]));
        double before = trainer.LossOfFirstBatch();
        trainer.Run(CancellationToken.None);
        Assert.Equal(losses[0], before, 1e-5);
        Assert.True(trainer.LossOfFirstBatch() < before / 2);
    }

    private static Dictionary<string, float[]> Train(TrainingOptions options, int steps)
    {
        using var source = new CancellationTokenSource();
        using Trainer<SftExample> trainer = Create(options, stepped: r => { if (r.Step == steps) source.Cancel(); });
        Assert.Throws<OperationCanceledException>(() => trainer.Run(source.Token));
        return trainer.State.Where(t => t.Key.StartsWith("weight/", StringComparison.Ordinal))
            .ToDictionary(t => t.Key, t => t.Value.data<float>().ToArray());
    }

    private static Trainer<SftExample> Create(
        TrainingOptions options, Action<int, IReadOnlyDictionary<string, Tensor>>? save = null, Action<StepReport>? stepped = null) =>
        new(new Transformer(s_config, RandomWeights.Create(s_config, 1), ScalarType.Float32),
            new SftObjective(), Examples(), [], options, Hooks(save, stepped));

    private static TrainingHooks Hooks(Action<int, IReadOnlyDictionary<string, Tensor>>? save = null, Action<StepReport>? stepped = null) =>
        new(stepped ?? (_ => { }), (_, _) => { }, save ?? ((_, _) => { }));

    private static TrainingOptions Options() => new()
    {
        LearningRate = 0.01, BatchSize = 4, Seed = 3, Epochs = 2, WarmupRatio = 0.1, WeightDecay = 0.01,
    };

    private static List<SftExample> Examples()
    {
        var random = new Xoshiro256(11);
        return [.. Enumerable.Range(0, 18).Select(i =>
        {
            int[] ids = [.. Enumerable.Range(0, 3 + (i % 7)).Select(_ => random.Next(5))];
            return new SftExample(ids, [.. ids.Select((_, at) => at > 0)]);
        })];
    }
}
