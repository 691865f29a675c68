using Hone.Data;
using Hone.Inference.Engines.Cpu;
using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Inference.Tests.Engines.Cpu;

public sealed class CpuEngineTests
{
    /// <summary>Sizes that no block and no vector divides, one KV head, fused and plain, on every width.</summary>
    public static TheoryData<int, int, int, int, int, int> Shapes => new()
    {
        // hidden, inner, heads, KV heads, head dim, vocabulary
        { 24, 40, 4, 2, 6, 37 },
        { 64, 172, 8, 1, 8, 512 },
        { 30, 52, 3, 3, 10, 61 },
        { 128, 344, 4, 4, 32, 350 },
        { 96, 100, 6, 2, 20, 33 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Fp32_and_bf16_equal_libtorch_at_odd_sizes(int hidden, int inner, int heads, int keyHeads, int dim, int vocabulary)
    {
        using Transformer model = Model(hidden, inner, heads, keyHeads, dim, vocabulary);
        int[] ids = Ids(90, vocabulary);
        float[][] expected = EngineRunner.Expected(model, ids);
        using Transformer rounded = Rounded(model);
        float[][] expectedOfRounded = EngineRunner.Expected(rounded, ids);
        foreach (CpuPath path in CpuKernels.Paths)
        {
            using var single = new EngineRunner(model, CpuFormat.Float32, path: path);
            using var brain = new EngineRunner(model, CpuFormat.BFloat16, path: path);
            foreach ((int prompt, int piece) in ((int, int)[])[(50, 100), (89, 13), (1, 1)])
            {
                List<float[]> found = single.Decode(ids, prompt, piece), halves = brain.Decode(ids, prompt, piece);
                for (int i = 0; i < found.Count; i++)
                {
                    EngineRunner.AssertClose(expected[prompt - 1 + i], found[i], 2e-4, $"fp32, {path}, token {prompt + i}");
                    // The cache holds brain floats too: three digits of numbers up to the largest.
                    float[] rounding = expectedOfRounded[prompt - 1 + i];
                    EngineRunner.AssertClose(rounding, halves[i], 0.03 * rounding.Max(MathF.Abs), $"bf16, {path}, token {prompt + i}");
                }
            }
        }
    }

    [Fact]
    public void A_token_gets_the_same_bits_whatever_else_is_in_the_pass()
    {
        using Transformer model = Model(64, 172, 8, 2, 8, 100);
        int[][] ids = [.. Enumerable.Range(0, 9).Select(i => Ids(20 + (9 * i), 100, i))];
        foreach (CpuFormat format in Enum.GetValues<CpuFormat>())
        {
            using var runner = new EngineRunner(model, format);
            SequencePart Whole(int[] own) => new(own, 0, own.Length, runner.NewBlocks(own.Length), true);
            float[][] alone = [.. ids.Select(own => runner.Run(Whole(own))[0]!)];
            float[]?[] together = runner.Run([.. ids.Select(Whole)]);
            Assert.Equal(alone, together);
            // In pieces, with others decoding beside, on one thread and on three.
            foreach (int threads in (int[])[1, 3])
            {
                using var other = new EngineRunner(model, format, threads);
                Assert.Equal(alone, ids.Select(own => other.Decode(own, own.Length, 11)[^1]).ToArray());
                float[][] decoded = [.. ids.Select(own => other.Decode(own, 5)[^1])];
                Assert.Equal(alone, decoded);
            }
        }
    }

    [Fact]
    public void Sequences_that_share_blocks_equal_those_that_do_not()
    {
        using Transformer model = Model(64, 172, 8, 2, 8, 100);
        int[] prompt = Ids(75, 100);
        int[][] answers = [.. Enumerable.Range(0, 8).Select(i => Ids(40, 100, i + 1))];
        foreach (CpuFormat format in Enum.GetValues<CpuFormat>())
        {
            using var runner = new EngineRunner(model, format);
            float[][] expected = [.. answers.Select(answer => runner.Decode([.. prompt, .. answer], prompt.Length)[^1])];
            int[] shared = runner.NewBlocks(prompt.Length);
            runner.Run(new SequencePart(prompt, 0, prompt.Length, shared, false));
            int[][] blocks = [.. answers.Select(answer =>
            {
                int[] own = runner.NewBlocks(prompt.Length + answer.Length - 64);
                runner.Engine.CopyBlocks([(shared[2], own[0])]);
                return (int[])[shared[0], shared[1], .. own];
            })];
            float[]?[] found = [];
            for (int t = 0; t < 40; t++)
            {
                int at = prompt.Length + t;
                found = runner.Run([.. answers.Select((answer, i) =>
                    new SequencePart(answer.AsMemory(t, 1), at, at + 1, blocks[i], true))]);
            }
            Assert.Equal(expected, found);
        }
    }

    [Fact]
    public void A_long_pass_goes_in_pieces_and_every_part_gets_its_logits()
    {
        using Transformer model = Model(24, 40, 4, 2, 6, 37);
        using var runner = new EngineRunner(model, CpuFormat.Float32);
        int[][] ids = [.. Enumerable.Range(0, 70).Select(i => Ids(1 + (i * 13 % 40), 37, i)), Ids(600, 37)];
        float[]?[] found = runner.Run([.. ids.Select((own, i) =>
            new SequencePart(own, 0, own.Length, runner.NewBlocks(own.Length), i % 3 > 0))]);
        for (int i = 0; i < ids.Length; i++)
        {
            if (i % 3 == 0) Assert.Null(found[i]);
            else EngineRunner.AssertClose(EngineRunner.Expected(model, ids[i])[^1], found[i]!, 2e-4, $"part {i}");
        }
    }

    [Fact]
    public void A_decoding_step_allocates_nothing()
    {
        using Transformer model = Model(64, 172, 8, 2, 8, 100);
        using var runner = new EngineRunner(model, CpuFormat.Int8);
        int[] ids = Ids(200, 100);
        int[] blocks = runner.NewBlocks(200), others = runner.NewBlocks(200);
        SequencePart[] parts = new SequencePart[2];
        // What each thread has allocated when it delivers, for the first time after warming up and the last.
        long[] first = new long[4096], last = new long[4096];
        bool warm = false;
        LogitsReader reader = (_, logits) =>
        {
            int thread = Environment.CurrentManagedThreadId;
            last[thread] = GC.GetAllocatedBytesForCurrentThread();
            if (warm && first[thread] == 0) first[thread] = last[thread];
        };
        void Step(int at)
        {
            parts[0] = new SequencePart(ids.AsMemory(at, 1), at, at + 1, blocks, true);
            parts[1] = new SequencePart(ids.AsMemory(at, 1), at, at + 1, others, true);
            runner.Engine.Forward(parts, reader);
        }
        for (int at = 0; at < 190; at++) Step(at);
        warm = true;
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int round = 0; round < 50; round++) Step(190 + (round % 10));
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Contains(first, bytes => bytes > 0);
        Assert.All(first.Zip(last).Where(t => t.First > 0), t => Assert.Equal(t.First, t.Second));
    }

    [Fact]
    public void An_adapter_is_merged_and_frozen_weights_are_unpacked()
    {
        using Transformer plain = Model(64, 172, 8, 2, 8, 100);
        LoraAdapter adapter = LoraAdapter.Create(plain.Config, new LoraOptions { Rank = 3, Alpha = 6 }, seed: 5, CPU);
        foreach (Tensor t in adapter.Tensors.Values) t.normal_(0, 0.1);
        var copies = plain.Weights.ToDictionary(w => w.Key, w => w.Value.clone());
        using var adapted = new Transformer(plain.Config, copies, ScalarType.Float32, adapter);
        int[] ids = Ids(40, 100);
        using var runner = new EngineRunner(adapted, CpuFormat.Float32);
        EngineRunner.AssertClose(EngineRunner.Expected(adapted, ids)[^1], runner.Decode(ids, 30)[^1], 3e-4, "adapter");

        const string Frozen = "model.layers.0.mlp.down_proj.weight";
        var weights = plain.Weights.Where(w => w.Key != Frozen).ToDictionary(w => w.Key, w => w.Value.clone());
        foreach ((string key, Tensor part) in BlockMatrix.Pack(Frozen, plain.Weights[Frozen], FrozenFormat.Int8)) weights.Add(key, part);
        using var frozen = new Transformer(plain.Config, weights, ScalarType.Float32);
        using var other = new EngineRunner(frozen, CpuFormat.Float32);
        EngineRunner.AssertClose(EngineRunner.Expected(frozen, ids)[^1], other.Decode(ids, 30)[^1], 3e-4, "frozen");
    }

    [Fact]
    public void Wrong_parts_are_refused_and_the_engine_goes_on()
    {
        using Transformer model = Model(24, 40, 4, 2, 6, 37);
        using var runner = new EngineRunner(model, CpuFormat.Float32);
        int[] blocks = runner.NewBlocks(32);
        Assert.Throws<ArgumentException>(() => runner.Run(new SequencePart(new int[33], 0, 33, blocks, true)));
        Assert.Throws<ArgumentException>(() => runner.Run(new SequencePart(new[] { 37 }, 0, 1, blocks, true)));
        Assert.Throws<ArgumentException>(() => runner.Run(new SequencePart(new[] { 1 }, 0, 1, [blocks[0] + 1], true)));
        var ok = new SequencePart(new[] { 1 }, 0, 1, blocks, true);
        Assert.Throws<InvalidOperationException>(() =>
            runner.Engine.Forward([ok], (_, _) => throw new InvalidOperationException("the reader fails")));
        Assert.NotNull(runner.Run(ok)[0]);
    }

    [Fact]
    public void Mixtures_of_experts_are_refused_by_name()
    {
        using Transformer model = Model(24, 40, 4, 2, 6, 37);
        var config = model.Config with { Experts = new ExpertOptions(4, 2, 16, true), Family = "qwen3_moe" };
        using var experts = new Transformer(config, RandomWeights.Create(config, 1), ScalarType.Float32);
        InputException e = Assert.Throws<InputException>(() => new CpuEngine(experts, CpuFormat.Int8));
        Assert.Contains("qwen3_moe", e.Message, StringComparison.Ordinal);
    }

    private static Transformer Model(int hidden, int inner, int heads, int keyHeads, int dim, int vocabulary)
    {
        LibTorch.Load();
        var config = new TransformerConfig
        {
            VocabularySize = vocabulary, HiddenSize = hidden, IntermediateSize = inner, LayerCount = 3, HeadCount = heads,
            KeyValueHeadCount = keyHeads, HeadDim = dim, MaxPositions = 1024, TieEmbeddings = keyHeads == 1,
        };
        return new Transformer(config, RandomWeights.Create(config, seed: 7, deviation: 0.2), ScalarType.Float32);
    }

    /// <summary>The same model with matrices rounded to brain floats.</summary>
    private static Transformer Rounded(Transformer model) => new(model.Config,
        model.Weights.ToDictionary(w => w.Key, w => w.Value.dim() == 2 ? w.Value.bfloat16().to(ScalarType.Float32) : w.Value.clone()),
        ScalarType.Float32);

    private static int[] Ids(int length, int vocabulary, int seed = 0)
    {
        var random = new Random(seed + 1);
        return [.. Enumerable.Range(0, length).Select(_ => random.Next(vocabulary))];
    }
}
