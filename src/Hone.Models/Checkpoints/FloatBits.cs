using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>Looks at the raw bits of stored floating-point numbers.</summary>
internal static class FloatBits
{
    /// <summary>
    /// True when no number among <paramref name="bytes"/> (F32, F16 or BF16) is NaN or infinite: an exponent of all ones.
    /// </summary>
    public static bool AllFinite(ReadOnlySpan<byte> bytes, ScalarType dtype) => dtype switch
    {
        ScalarType.Float32 => NoneHasAll(MemoryMarshal.Cast<byte, uint>(bytes), 0x7f80_0000u),
        ScalarType.BFloat16 => NoneHasAll(MemoryMarshal.Cast<byte, ushort>(bytes), (ushort)0x7f80),
        ScalarType.Float16 => NoneHasAll(MemoryMarshal.Cast<byte, ushort>(bytes), (ushort)0x7c00),
        _ => throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "F32, F16 or BF16"),
    };

    /// <summary>True when a finite number of one type can become infinite in the other.</summary>
    public static bool Narrows(ScalarType from, ScalarType to) =>
        from != to && from != ScalarType.Float16 && to is ScalarType.Float16 or ScalarType.BFloat16;

    /// <summary>BF16 numbers as fp32.</summary>
    // Compiled at full optimisation from the first call: decoding and packing call it at once, and often.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static unsafe void Widen(ushort* source, float* target, int count)
    {
        int i = 0;
        for (; i <= count - Vector256<ushort>.Count; i += Vector256<ushort>.Count)
        {
            (Vector256<uint> low, Vector256<uint> high) = Vector256.Widen(Vector256.Load(source + i));
            Vector256.ShiftLeft(low, 16).AsSingle().Store(target + i);
            Vector256.ShiftLeft(high, 16).AsSingle().Store(target + i + 8);
        }
        for (; i < count; i++) target[i] = BitConverter.UInt32BitsToSingle((uint)source[i] << 16);
    }

    // As above: the first file that is opened may be gigabytes.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool NoneHasAll<T>(ReadOnlySpan<T> values, T mask)
        where T : unmanaged, IBinaryInteger<T>
    {
        Vector<T> masks = new(mask);
        ReadOnlySpan<Vector<T>> vectors = MemoryMarshal.Cast<T, Vector<T>>(values);
        foreach (Vector<T> v in vectors)
        {
            if (Vector.EqualsAny(v & masks, masks)) return false;
        }

        foreach (T value in values[(vectors.Length * Vector<T>.Count)..])
        {
            if ((value & mask) == mask) return false;
        }

        return true;
    }
}
