using System.Runtime.Intrinsics.X86;
using TorchSharp;
using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>
/// The type in which matrices are multiplied. libtorch's products of bf16 on a processor without instructions for them take more than
/// twice as long as those of fp32 (docs/results/training.md), so there their operands are widened and their results rounded to bf16:
/// what the instructions do, but for the roundings of fp32 masters and between the parts of a sum.
/// </summary>
internal static class Products
{
    /// <summary>Whether this processor multiplies bf16 (AVX512-BF16 or AMX; elsewhere libtorch has fast products of fp32 alone).</summary>
    public static bool OfBFloat16 { get; } = X86Base.IsSupported && X86Base.CpuId(0, 0).Eax >= 7
        && ((X86Base.CpuId(7, 1).Eax & (1 << 5)) != 0 || (X86Base.CpuId(7, 0).Edx & (1 << 22)) != 0);

    /// <summary>For tensors of this type on this device.</summary>
    public static ScalarType TypeOf(ScalarType type, DeviceType device) =>
        type == ScalarType.BFloat16 && device == DeviceType.CPU && !OfBFloat16 ? ScalarType.Float32 : type;

    /// <inheritdoc cref="TypeOf(ScalarType, DeviceType)"/>
    public static ScalarType TypeOf(Tensor x) => TypeOf(x.dtype, x.device_type);
}
