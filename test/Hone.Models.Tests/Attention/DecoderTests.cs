using Hone.Data;
using static TorchSharp.torch;

namespace Hone.Models.Tests;

public class DecoderTests
{
    public static TheoryData<int, int, int> Shapes => new() { { 4, 4, 8 }, { 4, 2, 8 }, { 6, 1, 32 }, { 2, 2, 48 }, { 2, 1, 6 } };

    // Prompts of three lengths in one cache, so that rows have gaps, and enough steps for the buffers to grow.
    [Theory]
    [MemberData(nameof(Shapes))]
    public void Steps_with_a_cache_equal_the_full_forward_pass(int heads, int kvHeads, int headDim)
    {
        using var scope = NewDisposeScope();
        using Transformer model = TinyLlama.Create(
            TinyLlama.Config with { HeadCount = heads, KeyValueHeadCount = kvHeads, HeadDim = headDim });
        int[][] sequences = [.. new[] { 60, 60, 57, 45 }.Select((length, i) => Sequence(length, i + 1))];
        int[] promptLengths = [15, 15, 12, 1];
        using var decoded = new DecodedRows(model);
        for (int i = 0; i < sequences.Length; i++) decoded.Prompt(sequences[i][..promptLengths[i]], piece: 7);

        int[] rows = [0, 1, 2, 3];
        for (int step = 0; step < 44; step++)
        {
            if (step == 20)
            {
                rows = [3, 0, 2];
                decoded.Keep(3, 0, 2);
            }
            using var inner = NewDisposeScope();
            Tensor logits = decoded.Step([.. rows.Select(r => sequences[r][promptLengths[r] + step])]);
            if (step is 0 or 19 or 20 or 43)
                for (int i = 0; i < rows.Length; i++)
                    AssertClose(FullLogits(model, sequences[rows[i]][..(promptLengths[rows[i]] + step + 1)]), logits[i], 2e-4);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(32)]
    [InlineData(100)]
    public void A_prompt_in_pieces_gives_the_logits_after_it(int piece)
    {
        using var scope = NewDisposeScope();
        using Transformer model = TinyLlama.Create();
        using var decoded = new DecodedRows(model);
        int[] prompt = Sequence(58, 2);
        AssertClose(FullLogits(model, prompt), decoded.Prompt(prompt, piece), 1e-4);
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void The_cpu_kernel_equals_libtorchs_attention(ScalarType type)
    {
        using var scope = NewDisposeScope();
        foreach ((int heads, int kvHeads, int headDim) in new[] { (4, 4, 32), (8, 2, 64), (4, 1, 40), (3, 3, 6) })
        {
            TransformerConfig config = TinyLlama.Config with { HeadCount = heads, KeyValueHeadCount = kvHeads, HeadDim = headDim };
            using var model = new Transformer(config, RandomWeights.Create(config, 7, deviation: 0.3), type);
            using var cache = new BlockCache(model);
            cache.Reserve(20);
            (Tensor keys, Tensor values) = cache.Layer(1);
            keys.copy_(randn_like(keys));
            values.copy_(randn_like(values));
            // Rows that share blocks, one of a single token, one that ends with a block, more than go side by side.
            SequencePart[] parts =
            [
                Part(70, [3, 9, 1]), Part(75, [3, 9, 4]), Part(1, [5]), Part(64, [0, 2]), Part(40, [7, 6]),
                .. Enumerable.Range(0, 15).Select(i => Part(90 + (i % 7), [3, 9, 10 + (i % 9), 19])),
            ];
            Tensor q = randn(parts.Length, heads, headDim).mul(3).to(type);
            double tolerance = type == ScalarType.Float32 ? 1e-5 : 0.03;
            var attention = new BlockAttention(cache, config, parts, spread: true);
            AssertClose(attention.Fused(1, q), attention.OnCpu(1, q), tolerance);
            // The same with a window, a cap and a scale of its own, which libtorch's fused kernel does not know.
            var capped = new BlockAttention(
                cache, config with { Window = 37, AttentionCap = 2, QueryScalar = 3 }, parts, spread: false);
            AssertClose(capped.Fused(1, q), capped.OnCpu(1, q), tolerance);
        }

        static SequencePart Part(int length, int[] blocks) => new(new[] { 1 }, length - 1, length, blocks, true);
    }

    [Fact]
    public void Bf16_steps_stay_near_fp32()
    {
        using var scope = NewDisposeScope();
        using Transformer exact = TinyLlama.Create();
        using Transformer coarse = new(exact.Config, RandomWeights.Create(exact.Config, 7, deviation: 0.3), ScalarType.BFloat16);
        int[] sequence = Sequence(30, 3);
        Tensor[] logits = [.. new[] { exact, coarse }.Select(model =>
        {
            using var decoded = new DecodedRows(model);
            decoded.Prompt(sequence[..20]);
            decoded.Prompt(sequence[..10]);
            return decoded.Step(sequence[20], sequence[10]);
        })];
        Assert.Equal(ScalarType.Float32, logits[1].dtype);
        double scale = logits[0].abs().max().item<float>();
        AssertClose(logits[0], logits[1], 0.05 * scale);
    }

    private static int[] Sequence(int length, int seed) => [.. Enumerable.Range(0, length).Select(i => (i * 7 * seed + i * i + seed) % 37)];

    private static Tensor FullLogits(Transformer model, int[] sequence)
    {
        var forest = new TokenForest();
        forest.AddRoot(sequence);
        using var ungraded = no_grad();
        return model.Logits(model.Hidden(forest))[^1];
    }

    private static void AssertClose(Tensor expected, Tensor actual, double tolerance)
    {
        double difference = (expected - actual).abs().max().to(ScalarType.Float32).item<float>();
        Assert.True(difference <= tolerance, $"largest difference {difference:E2}");
    }
}
