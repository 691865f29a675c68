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
    public void Losses_that_are_not_finite_stop_before_the_weights_change()
    {
        using var model = new Transformer(s_config, RandomWeights.Create(s_config, 1), ScalarType.Float32);
        model.Weights["model.norm.weight"].fill_(float.NaN);
        float before = model.Embedding.sum().item<float>();
        var skipped = new List<SkippedStep>();
        using var trainer = new Trainer<SftExample>(model, new SftObjective(), Examples(), [], Options(),
            Hooks() with { Skipped = skipped.Add });
        TrainingException error = Assert.Throws<TrainingException>(() => trainer.Run(CancellationToken.None));
        Assert.Contains("Step 3: its loss is NaN; it is number 3 of steps in a row", error.Message, StringComparison.Ordinal);
        Assert.Equal([1, 2, 3], skipped.Select(s => s.Step));
        Assert.Equal(before, model.Embedding.sum().item<float>());
    }

    [Fact]
    public void A_step_with_a_broken_row_is_left_out_its_row_is_named_and_the_rest_goes_on()
    {
        foreach (bool gradient in new[] { false, true })
        {
            var skipped = new List<SkippedStep>();
            var reports = new List<StepReport>();
            using var model = new Transformer(s_config, RandomWeights.Create(s_config, 1), ScalarType.Float32);
            using var trainer = new Trainer<SftExample>(model, new BrokenObjective(Examples()[7], gradient), Examples(), [], Options(),
                Hooks(stepped: reports.Add) with { Skipped = skipped.Add });
            trainer.Run(CancellationToken.None);
            Assert.Equal(2, skipped.Count); // once in each epoch
            if (!gradient) Assert.All(skipped, s => Assert.Equal([7], s.Examples));
            string wrong = gradient ? "gradient norm is NaN" : "loss is NaN";
            Assert.All(skipped, s => Assert.Contains(wrong, s.Reason, StringComparison.Ordinal));
            Assert.Equal(trainer.TotalSteps, trainer.Step);
            Assert.Equal(2, reports[^1].Metrics["skipped_steps"]);
            StepReport left = reports[skipped[0].Step - 1];
            Assert.False(left.Metrics.ContainsKey("loss"));
            Assert.All(model.Weights.Values, w => Assert.True(double.IsFinite(w.sum().item<float>())));
        }
    }

    [Fact]
    public void A_training_with_left_out_steps_ends_with_the_same_bytes_from_wherever_it_is_resumed()
    {
        TrainingOptions options = Options() with { SaveEvery = 1, SkipSpikes = 5, Epochs = 9 };
        Trainer<SftExample> Broken(Action<int, IReadOnlyDictionary<string, Tensor>>? save = null) => new(
            new Transformer(s_config, RandomWeights.Create(s_config, 1), ScalarType.Float32),
            new BrokenObjective(Examples()[7], gradient: false), Examples(), [], options, Hooks(save));
        var saved = new Dictionary<int, Dictionary<string, Tensor>>();
        using Trainer<SftExample> unbroken = Broken((step, state) =>
            saved[step] = state.ToDictionary(t => t.Key, t => t.Value.detach().clone().DetachFromDisposeScope()));
        unbroken.Run(CancellationToken.None);
        foreach (int step in saved.Keys.Where(s => s % 6 == 1))
        {
            using Trainer<SftExample> resumed = Broken();
            resumed.Restore(step, name => saved[step].GetValueOrDefault(name)?.alias());
            resumed.Run(CancellationToken.None);
            foreach ((string name, Tensor expected) in unbroken.State)
                Assert.True(expected.bytes.SequenceEqual(resumed.State[name].bytes), $"{name} after resuming at step {step}");
        }
    }

    [Fact]
    public void A_loss_far_above_the_last_ones_is_a_spike_where_that_is_asked_for()
    {
        using StepGuard none = new(null), guard = new(10);
        foreach (StepGuard g in new[] { none, guard })
            for (int i = 0; i < 40; i++)
            {
                Assert.Null(g.Refuses(2 + (0.1 * (i % 3)), 1));
                g.Take(2 + (0.1 * (i % 3)));
            }
        Assert.Null(none.Refuses(50, 1));
        Assert.Null(guard.Refuses(2.5, 1));
        Assert.Contains("standard deviations above the last 40", guard.Refuses(50, 1), StringComparison.Ordinal);
        guard.Skip();
        Assert.Equal((1, 1), (guard.Skipped, guard.InARow));
        guard.Take(2);
        Assert.Equal((1, 0), (guard.Skipped, guard.InARow));
    }

    /// <summary>6 x weights x tokens for all weights, 4 x for an adapter's frozen ones; the head where it is computed.</summary>
    [Fact]
    public void The_work_of_a_step_is_counted_from_weights_and_tokens()
    {
        StepReport? report = null;
        using Trainer<SftExample> trainer = Create(Options() with { BatchSize = 18, Epochs = 1 }, stepped: r => report = r);
        double total = trainer.TotalWork;
        trainer.Run(CancellationToken.None);
        // Per layer: q 16x16, k and v 8x16, o 16x16, gate, up and down 24x16.
        double matrices = 2 * ((2 * 16 * 16) + (2 * 8 * 16) + (3 * 24 * 16)), head = 29 * 16;
        int tokens = Examples().Sum(e => e.Ids.Length), rows = Examples().Sum(e => e.Ids.Length - 1);
        Assert.Equal(6 * ((matrices * tokens) + (head * rows)), report!.Work);
        Assert.Equal(report.Work, total);
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

    /// <summary>SFT whose loss, or its gradient alone, is not a number where one example is in the pass.</summary>
    private sealed class BrokenObjective(SftExample broken, bool gradient) : IObjective<SftExample>
    {
        private readonly SftObjective _sft = new();

        public int Tokens(SftExample example) => _sft.Tokens(example);

        public int BatchUnits(SftExample example) => _sft.BatchUnits(example);

        public int LossUnits(SftExample example) => _sft.LossUnits(example);

        public Tensor Loss(Transformer model, IReadOnlyList<SftExample> examples, StepMetrics metrics)
        {
            Tensor loss = _sft.Loss(model, examples, metrics);
            if (!examples.Any(e => e.Ids.AsSpan().SequenceEqual(broken.Ids))) return loss;
            // The square root of 0 is 0 and has an infinite slope, and 0 times that is no number.
            return gradient ? loss + (model.Embedding.sum() * 0).sqrt() : loss * float.NaN;
        }
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
