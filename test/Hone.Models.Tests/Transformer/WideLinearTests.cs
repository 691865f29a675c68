using static TorchSharp.torch;

namespace Hone.Models.Tests;

public sealed class WideLinearTests
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
        Tensor Leaf(long[] shape, ScalarType type) => randn(shape, generator: generator).to(type);
        Tensor x = Leaf([33, 40], ScalarType.BFloat16).requires_grad_(true), w = Leaf([24, 40], stored).requires_grad_(trained);
        Tensor? b = biased ? Leaf([24], stored).requires_grad_(trained) : null;
        Tensor incoming = Leaf([33, 24], ScalarType.BFloat16);
        Tensor Wide(Tensor t) => t.detach().to(ScalarType.Float64).requires_grad_(true);
        Tensor exactX = Wide(x), exactW = Wide(w), exactB = Wide(b ?? zeros(24));

        Tensor y = WideLinear.Apply(x, w, b), exact = matmul(exactX, exactW.t()) + exactB;
        y.backward([incoming]);
        exact.backward([incoming.to(ScalarType.Float64)]);

        void AssertRounded(Tensor expected, Tensor? actual, ScalarType type)
        {
            Assert.Equal(type, actual!.dtype);
            double step = type == ScalarType.BFloat16 ? 1.0 / 128 : 1e-6, largest = expected.abs().max().item<double>();
            Tensor error = (actual.to(ScalarType.Float64) - expected).abs();
            // Half a step of the format for each number, and fp32's own error of the sum.
            Assert.True((error - (expected.abs() * step / 2)).max().item<double>() < 3e-6 * largest);
        }
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
}
