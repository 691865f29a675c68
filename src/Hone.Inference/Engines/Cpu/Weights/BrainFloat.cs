using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Hone.Inference.Engines.Cpu;

/// <summary>Brain floats: the upper half of a single's bits.</summary>
internal static class BrainFloat
{
    public static float ToSingle(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    /// <summary>The nearest, ties to the even one.</summary>
    public static ushort Round(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        if (float.IsNaN(value)) return (ushort)((bits >> 16) | 0x40);
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    /// <summary>The same of each number, in the lower half of its word.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Round(Vector256<float> values)
    {
        Vector256<uint> bits = values.AsUInt32(), upper = bits >>> 16;
        Vector256<uint> rounded = (bits + Vector256.Create(0x7FFFu) + (upper & Vector256<uint>.One)) >>> 16;
        return Vector256.ConditionalSelect(Vector256.IsNaN(values).AsUInt32(), upper | Vector256.Create(0x40u), rounded);
    }

    /// <summary>The smallest that is not below a positive value.</summary>
    public static ushort RoundUp(float value) => (ushort)((BitConverter.SingleToUInt32Bits(value) + 0xFFFF) >> 16);
}
