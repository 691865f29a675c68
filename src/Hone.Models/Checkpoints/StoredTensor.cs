using TorchSharp;
using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>A tensor as it will stand in a safetensors file.</summary>
internal sealed record StoredTensor(string Name, long[] Shape, ScalarType Dtype)
{
    private const long PieceElements = 8 << 20;

    public string DtypeName => Dtype switch
    {
        ScalarType.Float32 => "F32",
        ScalarType.Float16 => "F16",
        ScalarType.BFloat16 => "BF16",
        _ => throw new ArgumentOutOfRangeException(nameof(Dtype), Dtype, "F32, F16 or BF16"),
    };

    public long Length => Shape.Aggregate(Dtype == ScalarType.Float32 ? 4L : 2L, (product, size) => checked(product * size));

    /// <summary>Writes the values row-major, converted piece by piece; refuses values that are not finite in <see cref="Dtype"/>.</summary>
    public void WriteValues(Tensor weight, Stream stream)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor flat = weight.detach().reshape(-1);
        long elements = flat.numel();
        for (long start = 0; start < elements; start += PieceElements)
        {
            using Tensor piece = flat.narrow(0, start, Math.Min(PieceElements, elements - start));
            using Tensor converted = piece.to(Dtype, CPU);
            using Tensor dense = converted.contiguous();
            ReadOnlySpan<byte> bytes = dense.bytes;
            if (!FloatBits.AllFinite(bytes, Dtype))
                throw new InvalidOperationException($"{Name} holds NaN or infinite values as {Dtype}; it is not saved.");
            stream.Write(bytes);
        }
    }
}
