using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Hone.Models.Tests;

public sealed class TensorAllocatorTests
{
    public TensorAllocatorTests()
    {
        LibTorch.Load();
        bool expected = OperatingSystem.IsLinux()
            && RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.X64;
        Assert.SkipUnless(expected, "libtorch's own allocator stays on this system");
    }

    [Fact]
    public void Tensors_lie_at_a_multiple_of_64_bytes_and_keep_what_is_written()
    {
        Assert.True(TensorAllocator.IsInstalled);
        using var scope = NewDisposeScope();
        foreach (long size in new long[] { 1, 3, 16, 17, 1000, 123_457, 10_000_000 })
        {
            Tensor[] many = [.. Enumerable.Range(0, 3).Select(i => full([size], i, dtype: ScalarType.Int64))];
            foreach ((int i, Tensor one) in many.Index())
            {
                Assert.Equal(0, TensorMemory.DeviceAddress(one) % 64);
                Assert.Equal(i * size, one.sum().item<long>());
            }
        }
        Assert.Equal(0, empty(0).numel());
    }

    /// <summary>oneDNN, which multiplies bf16, allocates without a tensor and wants to free what it was given as it was given.</summary>
    [Fact]
    public void Products_of_bf16_by_libtorch_itself_allocate_too()
    {
        using var scope = NewDisposeScope();
        Tensor a = ones([256, 512], dtype: ScalarType.BFloat16), b = ones([512, 384], dtype: ScalarType.BFloat16);
        for (int i = 0; i < 20; i++) Assert.Equal(512, matmul(a, b)[7, 9].to(ScalarType.Float32).item<float>());
    }

    [Theory]
    [InlineData(1L << 46)]
    [InlineData((1L << 60) + 5)]
    public void Memory_that_is_not_there_is_refused_by_libtorch_as_before(long bytes)
    {
        var error = Assert.Throws<ExternalException>(() => empty(bytes, dtype: ScalarType.Byte));
        Assert.Contains("can't allocate memory", error.Message, StringComparison.Ordinal);
    }

    /// <summary>
    /// posix_memalign left a freed tensor's memory too small for the next of its size once anything small had been allocated between:
    /// a training's heap grew to nearly twice of what lived in it.
    /// </summary>
    [Fact]
    public void What_a_tensor_leaves_is_taken_by_the_next_of_its_size()
    {
        const long Size = 3_000_000;
        using IDisposable kept = TensorAllocator.KeepFreed();
        var small = new List<Tensor>();
        var large = new List<Tensor>();
        HashSet<nint> places = [];
        for (int i = 0; i < 16; i++)
        {
            large.Add(empty(Size, dtype: ScalarType.Byte));
            for (int k = 0; k < 20; k++) small.Add(empty(8 * k, dtype: ScalarType.Byte));
        }
        for (int round = 0; round < 5; round++)
            for (int i = 0; i < large.Count; i += 2)
            {
                places.Add(TensorMemory.DeviceAddress(large[i]));
                large[i].Dispose();
                for (int k = 0; k < 20; k++) small.Add(empty(8 * k, dtype: ScalarType.Byte));
                large[i] = empty(Size, dtype: ScalarType.Byte);
                places.Add(TensorMemory.DeviceAddress(large[i]));
            }
        Assert.InRange(places.Count, 8, 9);
        foreach (Tensor tensor in small.Concat(large)) tensor.Dispose();
    }
}
