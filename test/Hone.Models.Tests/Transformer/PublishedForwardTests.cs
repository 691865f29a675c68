using System.Text.Json;
using Hone.Data;
using static TorchSharp.torch;

namespace Hone.Models.Tests;

/// <summary>The forward pass of real models against values that an independent implementation computed.</summary>
public sealed class PublishedForwardTests
{
    [Fact]
    public void Log_probabilities_of_all_rows_are_within_a_ten_thousandth()
    {
        int rows = 0;
        foreach (string line in File.ReadLines(SharedData.Require("vectors/forward_reference.jsonl")))
        {
            using var scope = NewDisposeScope();
            using var off = no_grad();
            using JsonDocument json = JsonDocument.Parse(line);
            JsonElement row = json.RootElement;
            using Transformer model = Load(row.GetProperty("model").GetString()!);
            int[] ids = [.. row.GetProperty("ids").EnumerateArray().Select(i => i.GetInt32())];
            Tensor hidden = Hidden(model, ids, out ScoredTokens scored);
            float[] found = LogProbHead.LogProbs(model, hidden, scored).data<float>().ToArray();
            float[] expected = [.. row.GetProperty("token_logprobs").EnumerateArray().Select(v => v.GetSingle())];
            Assert.Equal(expected.Length, found.Length);
            for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], found[i], 1e-4);
            Tensor last = model.Logits(hidden)[-1];
            long[] top = [.. row.GetProperty("last_top8_ids").EnumerateArray().Select(v => v.GetInt64())];
            float[] topLogits = [.. row.GetProperty("last_top8_logits").EnumerateArray().Select(v => v.GetSingle())];
            for (int i = 0; i < top.Length; i++) Assert.Equal(topLogits[i], last[top[i]].item<float>(), 1e-3);
            rows++;
        }
        Assert.Equal(9, rows);
    }

    [Fact]
    public void The_sharded_bf16_copy_gives_the_same_logits()
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        using Transformer whole = Load("tinystories-656k-hf"), sharded = Load("tinystories-656k-hf-sharded-bf16");
        int[] ids = [1, 80, 147, 201, 282, 57, 313, 598];
        Tensor a = whole.Logits(Hidden(whole, ids, out _)), b = sharded.Logits(Hidden(sharded, ids, out _));
        Assert.Equal(0f, (a - b).abs().max().item<float>());
    }

    [Theory]
    [InlineData("default")]
    [InlineData("llama3")]
    public void Rope_frequencies_equal_transformers(string kind)
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(SharedData.Require("vectors/rope_inv_freq.json")));
        double[] expected = [.. json.RootElement.GetProperty(kind).GetProperty("inv_freq").EnumerateArray().Select(v => v.GetDouble())];
        var rope = new Rope { Theta = 10000, Scaling = kind == "llama3" ? new RopeScaling("llama3", 10, 1, 4, 2048) : null };
        double[] found = rope.InverseFrequencies(headDim: 128, maxPositions: 2048, regime: 0);
        Assert.Equal(expected.Length, found.Length);
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], found[i], expected[i] * 1e-4);
    }

    [Fact]
    public void Linear_scaling_divides_and_dynamic_scaling_changes_beyond_the_trained_length_only()
    {
        const int HeadDim = 8, Trained = 128;
        double[] plain = new Rope().InverseFrequencies(HeadDim, Trained, regime: 0);
        double[] linear = new Rope { Scaling = new RopeScaling("linear", 4) }.InverseFrequencies(HeadDim, Trained, regime: 0);
        Assert.Equal(plain.Select(f => f / 4), linear);
        var dynamic = new Rope { Scaling = new RopeScaling("dynamic", 2) };
        Assert.Equal(plain, dynamic.InverseFrequencies(HeadDim, Trained, dynamic.Regime(Trained, Trained)));
        // transformers: theta (factor length / trained - (factor - 1)) ^ (d / (d - 2)), here 10000 * 3 ^ (8 / 6) at twice the length.
        double theta = 10000 * Math.Pow(3, 8.0 / 6);
        Assert.Equal(
            Math.Pow(theta, -2.0 / 8), dynamic.InverseFrequencies(HeadDim, Trained, dynamic.Regime(2 * Trained, Trained))[1], 1e-12);
    }

    [Fact]
    public void Bf16_arithmetic_stays_near_fp32_and_gradients_arrive_in_fp32()
    {
        using var scope = NewDisposeScope();
        TransformerConfig config = TinyLlama.Config with { QueryKeyValueBias = false, AttentionOutputBias = false, MlpBias = false };
        using Transformer exact = new(config, RandomWeights.Create(config, 5, 0.05), ScalarType.Float32);
        using Transformer rough = new(config, RandomWeights.Create(config, 5, 0.05), ScalarType.BFloat16);
        foreach (Tensor w in exact.Weights.Values.Concat(rough.Weights.Values)) w.requires_grad_(true);
        int[] ids = [1, 2, 3, 4, 5, 6, 7];
        foreach (Transformer model in new[] { exact, rough })
        {
            Tensor hidden = Hidden(model, ids, out ScoredTokens scored);
            LogProbHead.LogProbs(model, hidden, scored).sum().backward();
        }
        foreach ((string name, Tensor w) in exact.Weights)
        {
            Tensor found = rough.Weights[name].grad!;
            Assert.Equal(ScalarType.Float32, found.dtype);
            Assert.True((found - w.grad!).norm().item<float>() <= 0.05f * (w.grad!.norm().item<float>() + 1e-3f), name);
        }
    }

    private static Tensor Hidden(Transformer model, int[] ids, out ScoredTokens scored)
    {
        var forest = new TokenForest();
        scored = new ScoredTokens();
        scored.AddSegment(forest, forest.AddRoot(ids), 0);
        return model.Hidden(forest);
    }

    private static Transformer Load(string name)
    {
        string folder = SharedData.Require($"models/{name}");
        TransformerConfig config = ConfigFile.Load(folder);
        return new Transformer(config, WeightFolder.LoadWeights(folder, config, ScalarType.Float32, CPU), ScalarType.Float32);
    }
}
