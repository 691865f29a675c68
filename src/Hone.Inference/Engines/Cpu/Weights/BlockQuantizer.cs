using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Hone.Inference.Engines.Cpu;

/// <summary>
/// Blocks of 32 numbers as whole numbers with a scale. Numbers are taken in an order that vectors need no shuffle for: byte b of
/// word g is number g + 8 b of the block. The same on every processor, to the bit.
/// </summary>
internal static unsafe class BlockQuantizer
{
    public const int Block = 32;

    /// <summary>Words of a block of activations: 16 pairs of shorts, or 8 times four bytes; then the scale and the correction.</summary>
    public const int ShortsBlock = 18, BytesBlock = 10;

    // Added to a number, it leaves the nearest whole number in the low bits.
    private const float Rounder = 12582912;
    private const int RounderBits = 0x4B400000;

    /// <summary>
    /// Activations for weights of 8 bits that are stored with 128 added: word k holds the shorts k and k + 16; the scale; and the
    /// sum of all, times -128.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ToShorts(float* x, int count, int* to, int stride)
    {
        for (int k = 0; k < count; k += Block, to += stride)
        {
            float scale = Round(x + k, out Vector256<int> a, out Vector256<int> b, out Vector256<int> c, out Vector256<int> d);
            Vector256<int> low = Vector256.Create(0xFFFF);
            ((a & low) | (c << 16)).Store(to);
            ((b & low) | (d << 16)).Store(to + 8);
            to[16] = BitConverter.SingleToInt32Bits(scale);
            to[17] = -128 * Vector256.Sum(a + b + c + d);
        }
    }

    /// <summary>Activations in bytes; the last word is the sum of all, times minus what is added to the stored weights.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ToBytes(float* x, int count, int* to, int stride, int added)
    {
        for (int k = 0; k < count; k += Block, to += stride)
        {
            float scale = Round(x + k, out Vector256<int> a, out Vector256<int> b, out Vector256<int> c, out Vector256<int> d);
            Bytes(a, b, c, d).Store(to);
            to[8] = BitConverter.SingleToInt32Bits(scale);
            to[9] = -added * Vector256.Sum(a + b + c + d);
        }
    }

    /// <summary>A block of a weight's row: 8 words of bytes with 128 added. The scale is returned.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static ushort PackInt8(float* x, uint* words)
    {
        float largest = Largest(x);
        // Rounded up, so that no number is beyond 127.
        ushort scale = BrainFloat.RoundUp(largest / 127);
        float step = BrainFloat.ToSingle(scale), inverse = step == 0 ? 0 : 1 / step;
        Vector256<int> bytes = Bytes(Rounded(x, inverse), Rounded(x + 8, inverse), Rounded(x + 16, inverse), Rounded(x + 24, inverse));
        (bytes.AsUInt32() ^ Vector256.Create(0x80808080u)).Store(words);
        return scale;
    }

    /// <summary>
    /// A block of a weight's row: 4 words, of which the low halves of the bytes are the words 0 to 3, the high ones 4 to 7, with 8
    /// added. The number of the largest magnitude becomes 0, that is -8 steps.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static ushort PackInt4(float* x, uint* words)
    {
        // Of equal magnitudes the first.
        float extreme = x[0], largest = Largest(x);
        for (int k = 1; k < Block && MathF.Abs(extreme) != largest; k++) extreme = x[k];
        ushort scale = BrainFloat.Round(extreme / -8);
        float step = BrainFloat.ToSingle(scale), inverse = step == 0 ? 0 : 1 / step;
        Vector256<int> bytes = Bytes(Nibbles(x, inverse), Nibbles(x + 8, inverse), Nibbles(x + 16, inverse), Nibbles(x + 24, inverse));
        (bytes.GetLower() | (bytes.GetUpper() << 4)).AsUInt32().Store(words);
        return scale;
    }

    /// <summary>Numbers over the returned scale, the largest magnitude being 127.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Round(
        float* x, out Vector256<int> a, out Vector256<int> b, out Vector256<int> c, out Vector256<int> d)
    {
        float largest = Largest(x), inverse = largest == 0 ? 0 : 127 / largest;
        (a, b, c, d) = (Rounded(x, inverse), Rounded(x + 8, inverse), Rounded(x + 16, inverse), Rounded(x + 24, inverse));
        return largest / 127;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Largest(float* x)
    {
        Vector256<float> most = Vector256.MaxNative(
            Vector256.MaxNative(Vector256.Abs(Vector256.Load(x)), Vector256.Abs(Vector256.Load(x + 8))),
            Vector256.MaxNative(Vector256.Abs(Vector256.Load(x + 16)), Vector256.Abs(Vector256.Load(x + 24))));
        Vector128<float> half = Vector128.MaxNative(most.GetLower(), most.GetUpper());
        return MathF.Max(MathF.Max(half[0], half[1]), MathF.Max(half[2], half[3]));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Rounded(float* x, float inverse) =>
        ((Vector256.Load(x) * inverse) + Vector256.Create(Rounder)).AsInt32() - Vector256.Create(RounderBits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Nibbles(float* x, float inverse) =>
        Vector256.Min(Vector256.Max(Rounded(x, inverse) + Vector256.Create(8), Vector256<int>.Zero), Vector256.Create(15));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Bytes(Vector256<int> a, Vector256<int> b, Vector256<int> c, Vector256<int> d)
    {
        Vector256<int> low = Vector256.Create(0xFF);
        return (a & low) | ((b & low) << 8) | ((c & low) << 16) | (d << 24);
    }
}
