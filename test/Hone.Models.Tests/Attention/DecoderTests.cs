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
        var decoder = new Decoder(model);
        using var cache = new KeyValueCache(model, promptLengths);
        using (PromptPass pair = decoder.Prefill([sequences[0][..15], sequences[1][..15]])) cache.Fill(0, pair, [0, 1]);
        using (PromptPass third = decoder.Prefill([sequences[2][..12]])) cache.Fill(2, third, [0]);
        using (PromptPass fourth = decoder.Prefill([sequences[3][..1]])) cache.Fill(3, fourth, [0]);

        int[] rows = [0, 1, 2, 3];
        for (int step = 0; step < 44; step++)
        {
            if (step == 20)
            {
                rows = [3, 0, 2];
                cache.Keep([3, 0, 2]);
            }
            using var inner = NewDisposeScope();
            Tensor logits = decoder.Step([.. rows.Select(r => sequences[r][promptLengths[r] + step])], cache);
            if (step is 0 or 19 or 20 or 43)
                for (int i = 0; i < rows.Length; i++)
                    AssertClose(FullLogits(model, sequences[rows[i]][..(promptLengths[rows[i]] + step + 1)]), logits[i], 2e-4);
        }
    }

    [Fact]
    public void A_prompt_pass_gives_the_logits_after_each_prompt()
    {
        using var scope = NewDisposeScope();
        using Transformer model = TinyLlama.Create();
        int[][] prompts = [Sequence(9, 1), Sequence(9, 2)];
        using PromptPass pass = new Decoder(model).Prefill(prompts);
        for (int i = 0; i < 2; i++) AssertClose(FullLogits(model, prompts[i]), pass.Logits[i], 1e-4);
    }

    [Fact]
    public void The_cpu_kernel_equals_libtorchs_attention()
    {
        using var scope = NewDisposeScope();
        foreach ((int heads, int kvHeads, int headDim) in new[] { (4, 4, 32), (8, 2, 64), (4, 1, 40), (3, 3, 5) })
        {
            using Transformer model = TinyLlama.Create(
                TinyLlama.Config with { HeadCount = heads, KeyValueHeadCount = kvHeads, HeadDim = headDim + (headDim % 2) });
            int dim = model.Config.HeadDim;
            using var cache = new KeyValueCache(model, [21, 21, 9, 1]);
            (Tensor keys, Tensor values) = cache.Layer(1);
            keys.copy_(randn_like(keys));
            values.copy_(randn_like(values));
            Tensor q = randn(4, heads, dim).mul(3);
            var attention = new CacheAttention(cache, model.Config);
            AssertClose(attention.Fused(1, q), attention.OnCpu(1, q), 1e-5);
            // The same with a window, a cap and a scale of its own, which libtorch's fused kernel does not know.
            var capped = new CacheAttention(cache, model.Config with { Window = 5, AttentionCap = 2, QueryScalar = 3 });
            AssertClose(capped.Fused(1, q), capped.OnCpu(1, q), 1e-5);
        }
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
            var decoder = new Decoder(model);
            using var cache = new KeyValueCache(model, [20, 10]);
            using (PromptPass a = decoder.Prefill([sequence[..20]])) cache.Fill(0, a, [0]);
            using (PromptPass b = decoder.Prefill([sequence[..10]])) cache.Fill(1, b, [0]);
            return decoder.Step([sequence[20], sequence[10]], cache);
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
        double difference = (expected - actual).abs().max().item<float>();
        Assert.True(difference <= tolerance, $"largest difference {difference:E2}");
    }
}
