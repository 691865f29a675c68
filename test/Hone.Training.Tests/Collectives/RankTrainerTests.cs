using Hone.Data;
using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Training.Tests;

/// <summary>Several ranks beside one process on the same batches: the same losses, metrics and weights.</summary>
public class RankTrainerTests
{
    private const int Kept = 4;

    private static readonly TransformerConfig s_config = new()
    {
        VocabularySize = 31,
        HiddenSize = 16,
        IntermediateSize = 24,
        LayerCount = 3,
        HeadCount = 2,
        KeyValueHeadCount = 1,
        HeadDim = 8,
        MaxPositions = 64,
        TieEmbeddings = true,
    };

    /// <summary>What is trained, whether by an adapter, whether with a sharded optimiser.</summary>
    private static IEnumerable<(string What, bool Lora, bool Zero)> Kinds =>
        from what in new[] { "sft", "reward", "dpo" }
        from kind in new[] { (Lora: false, Zero: false), (Lora: false, Zero: true), (Lora: true, Zero: false) }
        select (what, kind.Lora, kind.Zero);

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void Ranks_learn_what_one_process_learns(int size)
    {
        Trained[][] many = ManyRanks.Run(size, ranks =>
            Kinds.Select(k => Train(ranks, k.What, k.Lora, Options() with { ShardOptimizer = k.Zero })).ToArray());
        foreach ((int at, (string what, bool lora, _)) in Kinds.Index())
        {
            Trained one = Train(Ranks.Single, what, lora, Options()), first = many[0][at];
            foreach (Trained[] rank in many) Close(one, rank[at]);
            foreach (Trained[] rank in many) Assert.True(Same(first, rank[at]));
            for (int step = 0; step < one.Losses.Count; step++) Assert.Equal(one.Losses[step], first.Losses[step], 1e-5);
            Assert.Equal(one.Evaluated.Keys, first.Evaluated.Keys);
            foreach ((string name, double mean) in one.Evaluated) Assert.Equal(mean, first.Evaluated[name], 1e-4);
            Assert.All(many.Skip(1), rank => Assert.Empty(rank[at].Losses)); // one stream of metrics
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Deterministic_ranks_end_with_the_bits_of_one_process(int size)
    {
        // Passes of a few examples: five to a batch, more than ranks and no multiple of them.
        TrainingOptions options = Options() with { MicroBatchTokens = 40 };
        Trained[][] many = ManyRanks.Run(size, ranks => Kinds.Select(k =>
            Train(ranks, k.What, k.Lora, options with { Deterministic = true, ShardOptimizer = k.Zero })).ToArray());
        foreach ((int at, (string what, bool lora, _)) in Kinds.Index())
        {
            Trained one = Train(Ranks.Single, what, lora, options);
            foreach (Trained[] rank in many) Assert.True(Same(one, rank[at]), $"{what}, adapter {lora}");
            Assert.Equal(one.Losses, many[0][at].Losses);
            Assert.Equal(one.Evaluated, many[0][at].Evaluated);
        }
    }

    /// <summary>Two numbers are added: in either order the same bits.</summary>
    [Fact]
    public void Two_ranks_over_nccl_end_with_the_bits_of_gloo()
    {
        using NcclStub stub = NcclStub.Build();
        TrainingOptions[] ways = [Options(), Options() with { MicroBatchTokens = 40, Deterministic = true }];
        (Kind Kind, TrainingOptions Options)[] all = [.. from way in ways from kind in Kinds
            select (new Kind(kind.What, kind.Lora), way with { ShardOptimizer = kind.Zero })];
        Trained[] Each(Ranks ranks) => [.. all.Select(a => Train(ranks, a.Kind.What, a.Kind.Lora, a.Options))];
        Trained[][] gloo = ManyRanks.Run(2, Each), nccl = ManyRanks.Run(2, Each, stub.Choice);
        for (int at = 0; at < all.Length; at++)
        {
            foreach (Trained[] rank in nccl) Assert.True(Same(gloo[0][at], rank[at]), $"{all[at]}");
            Assert.Equal(gloo[0][at].Losses, nccl[0][at].Losses);
            Close(Train(Ranks.Single, all[at].Kind.What, all[at].Kind.Lora, all[at].Options), nccl[1][at]);
        }
        Assert.Equal((0, 0, 2), (stub.Events, stub.Aborts, stub.Destroys));
    }

    private readonly record struct Kind(string What, bool Lora);

    /// <summary>Layers that are computed again, and optimiser states in other formats, change nothing of it.</summary>
    [Fact]
    public void Deterministic_holds_with_checkpoints_and_small_states()
    {
        TrainingOptions[] all = [.. new[] { OptimizerState.Bf16, OptimizerState.Int8 }.Select(format => Options() with
        {
            MicroBatchTokens = 40, OptimizerState = format, CheckpointActivations = ActivationCheckpoints.Block,
        })];
        Trained[][] many = ManyRanks.Run(2, ranks =>
            all.Select(o => Train(ranks, "sft", false, o with { Deterministic = true, ShardOptimizer = true })).ToArray());
        foreach ((int at, TrainingOptions options) in all.Index())
        {
            Trained one = Train(Ranks.Single, "sft", false, options);
            Assert.All(many, rank => Assert.True(Same(one, rank[at])));
        }
    }

    [Fact]
    public void A_state_saved_under_one_number_of_ranks_goes_on_exactly_under_another()
    {
        TrainingOptions options = Options() with { MicroBatchTokens = 40, Deterministic = true, ShardOptimizer = true, SaveEvery = Kept };
        Trained whole = Train(Ranks.Single, "sft", false, options);
        foreach ((int before, int after) in new[] { (1, 2), (2, 1), (2, 3), (3, 2) })
        {
            Trained saved = ManyRanks.Run(before, ranks => Train(ranks, "sft", false, options))[0];
            Assert.Equal(whole.Saved!.Keys, saved.Saved!.Keys);
            foreach ((string name, byte[] bytes) in whole.Saved) Assert.True(bytes.AsSpan().SequenceEqual(saved.Saved[name]), name);
            Trained[] resumed = ManyRanks.Run(after, ranks => Train(ranks, "sft", false, options, saved.State));
            Assert.All(resumed, rank => Assert.True(Same(whole, rank), $"{before} ranks, then {after}"));
        }
    }

    [Fact]
    public void A_broken_row_is_left_out_by_all_ranks_and_named_once()
    {
        var skipped = new List<SkippedStep>();
        Trained[] many = ManyRanks.Run(2, ranks => Train(ranks, "sft", false, Options() with { Epochs = 1 }, broken: 7,
            skipped: s => { lock (skipped) skipped.Add(s); }));
        Assert.Equal([7], Assert.Single(skipped).Examples);
        Assert.True(Same(many[0], many[1]));
    }

    [Fact]
    public void A_rank_with_other_weights_is_named_before_the_first_step()
    {
        (Trained?, Exception? Error)[] ends = ManyRanks.Try(2, ranks => Train(ranks, "sft", false, Options(), seed: 1 + (ulong)ranks.Rank));
        Assert.Contains("rank 1 on ", Assert.IsType<TrainingException>(ends[0].Error).Message, StringComparison.Ordinal);
        Assert.Contains("are not those of rank 0", ends[1].Error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void More_ranks_than_examples_in_a_batch_learn_the_same()
    {
        TrainingOptions options = Options() with { BatchSize = 2, Epochs = 1 };
        Trained one = Train(Ranks.Single, "sft", false, options);
        Assert.All(ManyRanks.Run(4, ranks => Train(ranks, "sft", false, options)), rank => Close(one, rank));
    }

    private sealed record Trained(Dictionary<string, byte[]> Weights, List<double> Losses, Dictionary<string, double> Evaluated)
    {
        /// <summary>The state after <see cref="Kept"/> steps, where one was saved.</summary>
        public Dictionary<string, byte[]>? Saved { get; init; }

        public Dictionary<string, Tensor>? State { get; init; }
    }

    private static bool Same(Trained a, Trained b) =>
        a.Weights.Keys.SequenceEqual(b.Weights.Keys) && a.Weights.All(w => w.Value.AsSpan().SequenceEqual(b.Weights[w.Key]));

    /// <summary>Each matrix within 1e-5 of its norm: AdamW makes a step of the rounding where a gradient is next to nothing.</summary>
    private static void Close(Trained expected, Trained actual)
    {
        foreach ((string name, byte[] bytes) in expected.Weights)
        {
            float[] a = Floats(bytes), b = Floats(actual.Weights[name]);
            double apart = Math.Sqrt(a.Zip(b).Sum(p => Math.Pow(p.First - p.Second, 2))), norm = Math.Sqrt(a.Sum(x => (double)x * x));
            Assert.True(apart <= 1e-5 * norm, $"{name}: {apart / norm:E1} of its norm");
        }

        static float[] Floats(byte[] bytes) => System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(bytes).ToArray();
    }

    private static Trained Train(Ranks ranks, string what, bool lora, TrainingOptions options, Dictionary<string, Tensor>? from = null,
        ulong seed = 1, int? broken = null, Action<SkippedStep>? skipped = null)
    {
        set_num_threads(1);
        TransformerConfig config = s_config with { IsRewardModel = what == "reward" };
        LoraAdapter? adapter = lora
            // What is dropped is drawn for each pass: only with the passes of one process it is the same.
            ? LoraAdapter.Create(config,
                new LoraOptions { Rank = 4, Alpha = 8, Dropout = options.MicroBatchTokens < 100 ? 0.1 : 0 }, 5, CPU)
            : null;
        Dictionary<string, Tensor> weights = RandomWeights.Create(config, seed, deviation: 0.2);
        if (config.IsRewardModel) weights[WeightNames.RewardHead] = ones(1, config.HiddenSize);
        using var model = new Transformer(config, weights, ScalarType.Float32, adapter);
        return what == "sft"
            ? Run(model, broken is { } row ? new BrokenRow(Sft()[row]) : new SftObjective(), Sft(), ranks, options, from, skipped)
            : Run(model, what == "dpo" ? new DpoObjective(new PreferenceLossOptions()) : new RewardObjective(), Pairs(), ranks,
                options, from, skipped);
    }

    private static Trained Run<T>(Transformer model, IObjective<T> objective, List<T> examples, Ranks ranks, TrainingOptions options,
        Dictionary<string, Tensor>? from, Action<SkippedStep>? skipped)
    {
        var losses = new List<double>();
        Dictionary<string, double> evaluated = [];
        Dictionary<string, byte[]>? bytes = null;
        Dictionary<string, Tensor>? state = null;
        using var trainer = new Trainer<T>(model, objective, examples, examples[..5], options,
            new TrainingHooks(
                r => losses.Add(r.Metrics.GetValueOrDefault("loss")),
                (_, m) => evaluated = m.ToDictionary(),
                (step, saved) =>
                {
                    if (step != Kept) return;
                    bytes = saved.ToDictionary(t => t.Key, t => t.Value.bytes.ToArray());
                    state = saved.ToDictionary(t => t.Key, t => t.Value.detach().clone().DetachFromDisposeScope());
                })
            { Skipped = skipped }, ranks);
        if (from is not null) trainer.Restore(Kept, name => from.GetValueOrDefault(name)?.alias());
        trainer.Run(CancellationToken.None);
        return new Trained(model.Trainable.ToDictionary(w => w.Key, w => w.Value.bytes.ToArray()), losses, evaluated)
        {
            Saved = bytes, State = state,
        };
    }

    private static TrainingOptions Options() => new()
    {
        LearningRate = 0.01, BatchSize = 6, Seed = 3, Epochs = 2, WarmupRatio = 0.1, WeightDecay = 0.01,
    };

    private static List<SftExample> Sft()
    {
        var random = new Xoshiro256(11);
        return [.. Enumerable.Range(0, 18).Select(i =>
        {
            int[] ids = Ids(random, 3 + (i % 7));
            return new SftExample(ids, [.. ids.Select((_, at) => at > 0)]);
        })];
    }

    private static List<PromptExample> Pairs()
    {
        var random = new Xoshiro256(12);
        return [.. Enumerable.Range(0, 18).Select(i =>
            PromptExample.FromPair(new PreferenceExample(Ids(random, 2 + (i % 5)), Ids(random, 2 + (i % 4)), Ids(random, 1 + (i % 6)))) with
            {
                ReferenceLogps = [-4 - (i % 3), -5],
            })];
    }

    private static int[] Ids(Xoshiro256 random, int length) => [.. Enumerable.Range(0, length).Select(_ => random.Next(30))];

    private sealed class BrokenRow(SftExample broken) : IObjective<SftExample>
    {
        private readonly SftObjective _sft = new();

        public int Tokens(SftExample example) => _sft.Tokens(example);

        public int BatchUnits(SftExample example) => 1;

        public int LossUnits(SftExample example) => _sft.LossUnits(example);

        public Tensor Loss(Transformer model, IReadOnlyList<SftExample> examples, StepMetrics metrics)
        {
            Tensor loss = _sft.Loss(model, examples, metrics);
            return examples.Any(e => e.Ids.AsSpan().SequenceEqual(broken.Ids)) ? loss * float.NaN : loss;
        }
    }
}
