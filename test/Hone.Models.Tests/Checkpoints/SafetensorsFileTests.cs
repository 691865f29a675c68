using System.Runtime.InteropServices;
using System.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Hone.Models.Tests;

/// <summary>Tensors read in pieces by all cores, and tensors that are the file's pages.</summary>
public sealed class SafetensorsFileTests : IDisposable
{
    // Several pieces, the last one not whole.
    private const int Count = (3 << 17) + 37;
    private readonly TempFolder _folder = new();

    public SafetensorsFileTests() => LibTorch.Load();

    [Fact]
    public void A_tensor_of_many_pieces_is_read_and_mapped_to_the_bit()
    {
        float[] values = Values();
        using SafetensorsFile file = Open(Aligned(values));
        using Tensor read = file.Read("w", ScalarType.Float32, CPU), mapped = file.Map("w")!;
        Assert.Equal(values, read.data<float>().ToArray());
        Assert.Equal(values, mapped.data<float>().ToArray());
        using Tensor half = file.Read("w", ScalarType.BFloat16, CPU);
        Assert.Equal(read.bfloat16().to(ScalarType.Float32).data<float>().ToArray(), half.to(ScalarType.Float32).data<float>().ToArray());
    }

    [Fact]
    public void A_mapped_tensor_outlives_the_file_and_writes_only_its_own_pages()
    {
        float[] values = Values();
        byte[] bytes = Aligned(values);
        Tensor mapped;
        using (SafetensorsFile file = Open(bytes)) mapped = file.Map("w")!;
        using (mapped)
        {
            mapped.fill_(1);
            Assert.Equal(bytes, File.ReadAllBytes(_folder.File("x.safetensors")));
            Assert.Equal(Count, mapped.sum().item<float>());
        }
    }

    /// <summary>
    /// What nobody holds the collector frees, even while a call still reads it: loading a model ended with a fault of memory.
    /// </summary>
    [Fact]
    public void No_temporary_of_reading_is_left_to_the_collector()
    {
        var statistics = DisposeScopeManager.Statistics;
        using SafetensorsFile file = Open(Aligned(Values()));
        foreach (Func<Tensor> read in (Func<Tensor>[])[() => file.Read("w", ScalarType.Float32, CPU),
            () => file.Read("w", ScalarType.Float16, CPU), () => file.Map("w")!])
        {
            using (read()) { } // the pages of the file are kept from the first time on
            long before = statistics.ThreadTotalLiveCount;
            using (read()) { }
            Assert.Equal(before, statistics.ThreadTotalLiveCount);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(Count - 1)]
    public void A_value_that_is_no_number_is_found_in_any_piece(int at)
    {
        float[] values = Values();
        values[at] = float.NaN;
        using SafetensorsFile file = Open(Aligned(values));
        foreach (Action read in (Action[])[() => file.Read("w", ScalarType.Float32, CPU), () => file.Map("w")])
            Assert.Contains("Tensor w holds NaN", Assert.Throws<InputException>(read).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tensor_at_an_odd_place_is_read_and_not_mapped()
    {
        // Nothing says that a header is padded.
        byte[] bytes = Written([1, 2.5f], past: 1);
        using SafetensorsFile file = Open(bytes);
        Assert.Null(file.Map("w"));
        using Tensor read = file.Read("w", ScalarType.Float32, CPU);
        Assert.Equal(2.5f, read[1].item<float>());
    }

    [Fact]
    public void A_file_that_has_become_shorter_is_told()
    {
        using SafetensorsFile file = Open(Aligned(Values()));
        using (FileStream stream = new(file.Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite)) stream.SetLength(1000);
        Assert.Null(file.Map("w")); // the system would end whoever reads what is gone
        Assert.Contains("shorter", Assert.Throws<InputException>(() => file.Read("w", ScalarType.Float32, CPU)).Message,
            StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private static float[] Values() => [.. Enumerable.Range(0, Count).Select(i => (i % 1013) * 0.37f - 100)];

    private static byte[] Aligned(float[] values) => Written(values, past: 0);

    /// <param name="past">So many bytes behind a place where numbers of 4 bytes may lie the data begin.</param>
    private static byte[] Written(float[] values, int past)
    {
        string header = $$$"""{"w":{"dtype":"F32","shape":[{{{values.Length}}}],"data_offsets":[0,{{{4 * values.Length}}}]}}""";
        header = header.PadRight(((header.Length + 3) / 4 * 4) + past);
        return HandMade.Safetensors(Encoding.UTF8.GetBytes(header), MemoryMarshal.AsBytes(values.AsSpan()).ToArray());
    }

    private SafetensorsFile Open(byte[] bytes)
    {
        File.WriteAllBytes(_folder.File("x.safetensors"), bytes);
        return SafetensorsFile.Open(_folder.File("x.safetensors"));
    }
}
