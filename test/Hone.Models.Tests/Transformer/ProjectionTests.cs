using Hone.Data;
using static TorchSharp.torch;

namespace Hone.Models.Tests;

public sealed class ProjectionTests
{
    /// <summary>Value and gradients are those of the plain product in fp64, rounded once to where they belong.</summary>
    [Theory]
    [InlineData(ScalarType.Float32, true, true)]
    [InlineData(ScalarType.Float32, true, false)]
    [InlineData(ScalarType.BFloat16, true, true)]
    [InlineData(ScalarType.BFloat16, false, true)]
    public void A_product_of_bf16_equals_the_plain_one_rounded(ScalarType stored, bool trained, bool biased)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(3, CPU);
        Tensor x = Leaf(generator, [33, 40], ScalarType.BFloat16), w = Leaf(generator, [24, 40], stored).requires_grad_(trained);
        Tensor? b = biased ? Leaf(generator, [24], stored).requires_grad_(trained) : null;
        Tensor incoming = Leaf(generator, [33, 24], ScalarType.BFloat16);
        Tensor exactX = Wide(x), exactW = Wide(w), exactB = Wide(b ?? zeros(24));

        Tensor y = ProjectionFunction.Apply(x, [new ProjectionCall(w, Packed: null, b)])[0], exact = matmul(exactX, exactW.t()) + exactB;
        y.backward([incoming]);
        exact.backward([incoming.to(ScalarType.Float64)]);

        AssertRounded(exact, y, ScalarType.BFloat16);
        AssertRounded(exactX.grad!, x.grad, ScalarType.BFloat16);
        if (!trained)
        {
            Assert.Null(w.grad);
            return;
        }
        AssertRounded(exactW.grad!, w.grad, stored);
        if (b is not null) AssertRounded(exactB.grad!, b.grad, stored);
    }

    /// <summary>An adapter, after dropout or not, on another or on none, on a matrix that is frozen, packed or trained itself.</summary>
    [Theory]
    [InlineData(ScalarType.Float32, "frozen", false, false, true)]
    [InlineData(ScalarType.Float32, "frozen", true, true, true)]
    [InlineData(ScalarType.Float32, "frozen", false, true, false)]
    [InlineData(ScalarType.Float32, "frozen", true, false, false)]
    [InlineData(ScalarType.Float32, "packed", true, false, true)]
    [InlineData(ScalarType.Float32, "packed", false, true, true)]
    [InlineData(ScalarType.Float32, "trained", true, true, true)]
    [InlineData(ScalarType.BFloat16, "frozen", false, false, true)]
    [InlineData(ScalarType.BFloat16, "frozen", true, true, true)]
    [InlineData(ScalarType.BFloat16, "packed", false, true, true)]
    [InlineData(ScalarType.BFloat16, "trained", false, false, true)]
    public void An_adapted_product_equals_the_plain_one_rounded(ScalarType type, string matrix, bool dropout, bool under, bool learnsX)
    {
        const long Rows = 33, In = 64, Out = 24;
        using var scope = NewDisposeScope();
        using var generator = new Generator(4, CPU);
        Tensor w = Leaf(generator, [Out, In], ScalarType.Float32).requires_grad_(matrix == "trained");
        var stored = new Dictionary<string, Tensor> { ["w"] = w };
        if (matrix == "packed") stored = BlockMatrix.Pack("w", w.detach(), FrozenFormat.Int8).ToDictionary();
        BlockMatrix? packed = BlockMatrix.Of(stored, "w");
        LoraPair Pair(long rank, double scale, bool learns) => new(
            Leaf(generator, [rank, In], ScalarType.Float32).requires_grad_(learns),
            Leaf(generator, [Out, rank], ScalarType.Float32).requires_grad_(learns), scale);
        LoraPair pair = Pair(3, 0.7, learns: true) with { Under = under ? Pair(2, 1.3, learns: false) : null };
        Tensor x = Leaf(generator, [Rows, In], type).requires_grad_(learnsX), incoming = Leaf(generator, [Rows, Out], type);
        Tensor mask = rand([Rows, In], generator: generator).ge(0.4).to(type);

        Tensor y = ProjectionFunction.Apply(
            x, [new ProjectionCall(packed is null ? w : null, packed, Bias: null, pair, dropout ? x * mask : null)])[0];
        y.backward([incoming]);

        Tensor exactX = Wide(x), exactW = Wide(packed?.Unpack(ScalarType.Float32) ?? w), a = Wide(pair.Down), b = Wide(pair.Up);
        Tensor Low(Tensor input, Tensor down, Tensor up, double scale) => matmul(matmul(input, down.t()), up.t()) * scale;
        Tensor exact = matmul(exactX, exactW.t()) + Low(dropout ? exactX * mask.to(ScalarType.Float64) : exactX, a, b, pair.Scale);
        if (pair.Under is { } lower) exact += Low(exactX, Wide(lower.Down), Wide(lower.Up), lower.Scale);
        exact.backward([incoming.to(ScalarType.Float64)]);

        AssertRounded(exact, y, type);
        if (learnsX) AssertRounded(exactX.grad!, x.grad, type, roundings: dropout ? 3 : 1);
        else Assert.Null(x.grad);
        AssertRounded(a.grad!, pair.Down.grad, ScalarType.Float32);
        AssertRounded(b.grad!, pair.Up.grad, ScalarType.Float32);
        if (matrix == "trained") AssertRounded(exactW.grad!, w.grad, ScalarType.Float32);
        else Assert.Null(w.grad);
        Assert.Null(pair.Under?.Down.grad);
    }

    /// <summary>One of them is adapted, one is trained itself, one is neither and is adapted after dropout.</summary>
    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void Projections_of_one_input_add_up_its_gradient(ScalarType type)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(6, CPU);
        Tensor x = Leaf(generator, [9, 64], type), mask = rand([9, 64], generator: generator).ge(0.4).to(type);
        LoraPair first = new(Leaf(generator, [3, 64], ScalarType.Float32), Leaf(generator, [8, 3], ScalarType.Float32), 0.7);
        LoraPair last = new(Leaf(generator, [2, 64], ScalarType.Float32), Leaf(generator, [24, 2], ScalarType.Float32), 1.5);
        Tensor[] weights = [Leaf(generator, [8, 64], type).requires_grad_(false), Leaf(generator, [16, 64], ScalarType.Float32),
            Leaf(generator, [24, 64], type).requires_grad_(false)];
        Tensor bias = Leaf(generator, [16], ScalarType.Float32);
        Tensor[] incoming = [.. weights.Select(w => Leaf(generator, [9, w.shape[0]], type).detach())];
        List<Tensor> results = ProjectionFunction.Apply(x,
        [
            new ProjectionCall(weights[0], Packed: null, Bias: null, first),
            new ProjectionCall(weights[1], Packed: null, bias),
            new ProjectionCall(weights[2], Packed: null, Bias: null, last, x * mask),
        ]);
        results.Zip(incoming, (y, g) => (y * g).sum()).Aggregate((a, b) => a + b).backward();

        Tensor exactX = Wide(x), trained = Wide(weights[1]), exactBias = Wide(bias);
        Tensor[] pairs = [Wide(first.Down), Wide(first.Up), Wide(last.Down), Wide(last.Up)];
        Tensor[] exact =
        [
            matmul(exactX, Wide(weights[0]).t()) + (matmul(matmul(exactX, pairs[0].t()), pairs[1].t()) * 0.7),
            matmul(exactX, trained.t()) + exactBias,
            matmul(exactX, Wide(weights[2]).t()) + (matmul(matmul(exactX * mask.to(ScalarType.Float64), pairs[2].t()), pairs[3].t()) * 1.5),
        ];
        exact.Zip(incoming, (y, g) => (y * g.to(ScalarType.Float64)).sum()).Aggregate((a, b) => a + b).backward();
        for (int i = 0; i < exact.Length; i++) AssertRounded(exact[i], results[i], type);
        AssertRounded(exactX.grad!, x.grad, type, roundings: 3);
        AssertRounded(trained.grad!, weights[1].grad, ScalarType.Float32);
        AssertRounded(exactBias.grad!, bias.grad, ScalarType.Float32);
        Tensor[] adapted = [first.Down, first.Up, last.Down, last.Up];
        for (int i = 0; i < pairs.Length; i++) AssertRounded(pairs[i].grad!, adapted[i].grad, ScalarType.Float32);
    }

    /// <summary>The kernel knows as well what the processor can.</summary>
    [Fact]
    public void Products_of_bf16_are_the_processors_where_it_has_them()
    {
        Assert.SkipUnless(File.Exists("/proc/cpuinfo"), "there is no /proc/cpuinfo here");
        string? flags = File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("flags", StringComparison.Ordinal));
        Assert.SkipWhen(flags is null, "/proc/cpuinfo has no flags here");
        Assert.Equal(flags!.Contains("avx512_bf16") || flags.Contains("amx_bf16"), Products.OfBFloat16);
        Assert.Equal(ScalarType.Float32, Products.TypeOf(ScalarType.Float32, TorchSharp.DeviceType.CPU));
        Assert.Equal(ScalarType.BFloat16, Products.TypeOf(ScalarType.BFloat16, TorchSharp.DeviceType.CUDA));
    }

    private static Tensor Leaf(Generator generator, long[] shape, ScalarType type) =>
        randn(shape, generator: generator).to(type).requires_grad_(true);

    private static Tensor Wide(Tensor t) => t.detach().to(ScalarType.Float64).requires_grad_(true);

    /// <summary>Half a step of the format for each rounding, and fp32's own error of the sum.</summary>
    private static void AssertRounded(Tensor expected, Tensor? actual, ScalarType type, int roundings = 1)
    {
        Assert.Equal(type, actual!.dtype);
        double step = type == ScalarType.BFloat16 ? 1.0 / 128 : 1e-6, largest = expected.abs().max().item<double>();
        Tensor error = (actual.to(ScalarType.Float64) - expected).abs();
        double allowed = 3e-6 + (roundings > 1 ? step : 0); // what is added up was rounded alone, beside what may cancel it
        Assert.True((error - (expected.abs() * step / 2)).max().item<double>() < allowed * largest);
    }
}
