using Hone.Data;
using static TorchSharp.torch;

namespace Hone.Models.Tests;

/// <summary>Parts of a layer whose gradients are written by hand, beside their plain formulas under libtorch's autograd in fp64.</summary>
public sealed class LayerGradientTests
{
    [Theory]
    [InlineData(NormWeight.AfterCast, ScalarType.Float32, 3)]
    [InlineData(NormWeight.BeforeCast, ScalarType.Float32, 2)]
    [InlineData(NormWeight.OnePlusBeforeCast, ScalarType.Float32, 3)]
    [InlineData(NormWeight.AfterCast, ScalarType.BFloat16, 2)]
    [InlineData(NormWeight.BeforeCast, ScalarType.BFloat16, 3)]
    [InlineData(NormWeight.OnePlusBeforeCast, ScalarType.BFloat16, 2)]
    public void A_norms_gradients_are_those_of_its_formula(NormWeight kind, ScalarType type, int dimensions)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(5, CPU);
        TransformerConfig config = TinyLlama.Config with { NormWeight = kind };
        long[] shape = dimensions == 3 ? [7, 4, 24] : [7, 24];
        Tensor weight = randn([24], generator: generator).requires_grad_(true);
        Tensor x = randn(shape, generator: generator).to(type).requires_grad_(true);
        Tensor incoming = randn(shape, generator: generator).to(type);
        Tensor y = new RmsNorm(weight, config).Apply(x);
        y.backward([incoming]);

        Tensor wide = Wide(x), factor = Wide(weight);
        Tensor exact = wide * ((wide * wide).mean([-1], keepdim: true) + config.NormEpsilon).rsqrt()
            * (kind == NormWeight.OnePlusBeforeCast ? factor + 1 : factor);
        exact.backward([incoming.to(ScalarType.Float64)]);
        AssertClose(exact, y);
        AssertClose(wide.grad!, x.grad!);
        AssertClose(factor.grad!, weight.grad!, ScalarType.Float32);
    }

    [Theory]
    [InlineData(1.0)]
    [InlineData(0.5)]
    public void A_rotations_gradient_is_that_of_its_formula(double fraction)
    {
        using var scope = NewDisposeScope();
        TransformerConfig config = TinyLlama.Config with { Rope = new Rope { RotaryFraction = fraction } };
        using var table = new RotaryTable(config.Rope, config, ScalarType.Float32, CPU);
        Rotation rotation = table.Rows(new PassPositions(tensor(new long[] { 0, 3, 1, 9 }), [10, 10, 10, 10], 10));
        Tensor x = randn(4, 2, config.HeadDim).requires_grad_(true), incoming = randn(4, 2, config.HeadDim);
        rotation.Apply(x).backward([incoming]);

        Tensor wide = Wide(x), cos = rotation.Cos.to(ScalarType.Float64), sin = rotation.Sin.to(ScalarType.Float64);
        long turning = cos.shape[^1], half = turning / 2;
        Tensor part = wide.narrow(-1, 0, turning);
        Tensor turned = cat([-part.narrow(-1, half, half), part.narrow(-1, 0, half)], -1);
        cat([(part * cos) + (turned * sin), wide.narrow(-1, turning, config.HeadDim - turning)], -1)
            .backward([incoming.to(ScalarType.Float64)]);
        AssertClose(wide.grad!, x.grad!);
    }

    [Theory]
    [InlineData(Activation.Silu, ScalarType.Float32, false)]
    [InlineData(Activation.GeluTanh, ScalarType.Float32, false)]
    [InlineData(Activation.Silu, ScalarType.Float32, true)]
    [InlineData(Activation.Silu, ScalarType.BFloat16, false)]
    [InlineData(Activation.GeluTanh, ScalarType.BFloat16, true)]
    public void A_feed_forwards_gradients_are_those_of_its_formula(Activation activation, ScalarType type, bool fused)
    {
        using var scope = NewDisposeScope();
        TransformerConfig config = TinyLlama.Config with { Activation = activation, FusedProjections = fused, MlpBias = false };
        Dictionary<string, Tensor> weights = RandomWeights.Create(config, seed: 3);
        const string Prefix = "model.layers.0.mlp.";
        string[] names = [.. weights.Keys.Where(n => n.StartsWith(Prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
        foreach (string name in names) weights[name] = weights[name].Times(5).detach().requires_grad_(true);
        Tensor x = randn(9, config.HiddenSize).to(type).requires_grad_(true), incoming = randn(9, config.HiddenSize).to(type);
        new GatedMlp(weights, adapter: null, Prefix, config).Apply(x).backward([incoming]);

        Tensor wide = Wide(x);
        Dictionary<string, Tensor> exact = names.ToDictionary(n => n[Prefix.Length..], n => Wide(weights[n]));
        Tensor[] parts = fused
            ? matmul(wide, exact["gate_up_proj.weight"].t()).chunk(2, -1)
            : [matmul(wide, exact["gate_proj.weight"].t()), matmul(wide, exact["up_proj.weight"].t())];
        Tensor inner = (parts[0] + (0.044715 * parts[0].pow(3))) * Math.Sqrt(2 / Math.PI);
        Tensor gate = activation == Activation.Silu ? parts[0] * parts[0].sigmoid() : parts[0] * (inner.tanh() + 1) * 0.5;
        matmul(gate * parts[1], exact["down_proj.weight"].t()).backward([incoming.to(ScalarType.Float64)]);
        AssertClose(wide.grad!, x.grad!, type, 4);
        foreach (string name in names) AssertClose(exact[name[Prefix.Length..]].grad!, weights[name].grad!, type, 4);
    }

    [Fact]
    public void Forests_of_many_tiles_have_the_gradients_of_their_sequences()
    {
        using Transformer model = TinyLlama.Create();
        foreach (Tensor weight in model.Weights.Values) weight.requires_grad_(true);
        int[][] sequences = [[1, 2, 3, 4, 5, 6, 7, 8, 9], [4], [5, 6, 7], [3, 1, 4, 1, 5], [2, 7]];
        using var scope = NewDisposeScope();
        var forest = new TokenForest();
        foreach (int[] ids in sequences) forest.AddRoot(ids);
        Assert.True(ForestLayout.Create(forest, CPU).Tiles.Count > 2);
        model.Hidden(forest).Times(2).sin().sum().backward();
        Dictionary<string, Tensor> read = model.Weights.Where(w => w.Value.grad is not null).ToDictionary();
        var together = read.ToDictionary(w => w.Key, w => w.Value.grad!.clone());
        foreach (Tensor weight in read.Values) weight.grad!.zero_();
        foreach (int[] ids in sequences)
        {
            var alone = new TokenForest();
            alone.AddRoot(ids);
            model.Hidden(alone).Times(2).sin().sum().backward();
        }
        foreach ((string name, Tensor weight) in read)
        {
            float largest = weight.grad!.abs().max().item<float>();
            Assert.True((together[name] - weight.grad!).abs().max().item<float>() < 1e-4 * (1 + largest), name);
        }
    }

    private static Tensor Wide(Tensor t) => t.detach().to(ScalarType.Float64).requires_grad_(true);

    /// <param name="roundings">Of bf16 on the way.</param>
    private static void AssertClose(Tensor expected, Tensor actual, ScalarType? type = null, int roundings = 2)
    {
        double step = (type ?? actual.dtype) == ScalarType.BFloat16 ? roundings / 256.0 : 4e-6;
        double largest = expected.abs().max().item<double>(), off = (actual.to(ScalarType.Float64) - expected).abs().max().item<double>();
        Assert.True(off <= step * largest, $"{off} of {largest}");
    }
}
