using System.Numerics;
using System.Runtime.InteropServices;
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
