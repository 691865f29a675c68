using System.Buffers.Binary;

namespace Hone.Models.Gguf;

/// <summary>
/// The block formats of ggml (<c>ggml-common.h</c>, <c>ggml-quants.c</c>): 32 numbers share one half-precision scale; Q6_K has
/// 256 numbers with one scale and 16 factors of it. Quantised bytes equal those of <c>llama-quantize</c>.
/// </summary>
internal static class BlockFormats
{
    public const int SmallBlock = 32;
    public const int LargeBlock = 256;
    public const int Q8Bytes = 2 + SmallBlock;
    public const int Q4Bytes = 2 + SmallBlock / 2;
    public const int Q6Bytes = LargeBlock / 2 + LargeBlock / 4 + LargeBlock / 16 + 2;

    /// <summary>Scale, then a signed byte per number: x = scale · q, scale = max|x| / 127.</summary>
    /// <param name="values">A whole number of blocks of 32.</param>
    /// <param name="bytes">34 for each block.</param>
    public static void QuantizeQ8(ReadOnlySpan<float> values, Span<byte> bytes)
    {
        for (; !values.IsEmpty; values = values[SmallBlock..], bytes = bytes[Q8Bytes..])
        {
            float largest = 0;
            foreach (float x in values[..SmallBlock]) largest = MathF.Max(largest, MathF.Abs(x));
            float scale = largest / 127, inverse = scale == 0 ? 0 : 1 / scale;
            WriteScale(bytes, scale);
            for (int i = 0; i < SmallBlock; i++)
                bytes[2 + i] = (byte)(sbyte)MathF.Round(values[i] * inverse, MidpointRounding.AwayFromZero);
        }
    }

    /// <summary>
    /// Scale, then half a byte per number: x = scale · (q − 8), scale = −m / 8 with m the number of largest magnitude.
    /// </summary>
    /// <param name="values">A whole number of blocks of 32.</param>
    /// <param name="bytes">18 for each block; byte i holds number i (low half) and number i + 16.</param>
    public static void QuantizeQ4(ReadOnlySpan<float> values, Span<byte> bytes)
    {
        for (; !values.IsEmpty; values = values[SmallBlock..], bytes = bytes[Q4Bytes..])
        {
            float largest = 0;
            foreach (float x in values[..SmallBlock])
            {
                if (MathF.Abs(x) > MathF.Abs(largest)) largest = x;
            }
            float scale = largest / -8, inverse = scale == 0 ? 0 : 1 / scale;
            WriteScale(bytes, scale);
            for (int i = 0; i < SmallBlock / 2; i++)
                bytes[2 + i] = (byte)(Nibble(values[i] * inverse) | Nibble(values[i + SmallBlock / 2] * inverse) << 4);
        }
    }

    public static void DequantizeQ8(ReadOnlySpan<byte> bytes, Span<float> values)
    {
        for (; !bytes.IsEmpty; values = values[SmallBlock..], bytes = bytes[Q8Bytes..])
        {
            float scale = ReadScale(bytes);
            for (int i = 0; i < SmallBlock; i++) values[i] = scale * (sbyte)bytes[2 + i];
        }
    }

    public static void DequantizeQ4(ReadOnlySpan<byte> bytes, Span<float> values)
    {
        for (; !bytes.IsEmpty; values = values[SmallBlock..], bytes = bytes[Q4Bytes..])
        {
            float scale = ReadScale(bytes);
            for (int i = 0; i < SmallBlock / 2; i++)
            {
                byte pair = bytes[2 + i];
                values[i] = scale * ((pair & 15) - 8);
                values[i + SmallBlock / 2] = scale * ((pair >> 4) - 8);
            }
        }
    }

    /// <summary>
    /// Number n = scale · factor[n / 16] · (q − 32): q has 4 low bits in the first 128 bytes and 2 high ones in the next 64.
    /// </summary>
    public static void DequantizeQ6(ReadOnlySpan<byte> bytes, Span<float> values)
    {
        for (; !bytes.IsEmpty; values = values[LargeBlock..], bytes = bytes[Q6Bytes..])
        {
            ReadOnlySpan<byte> low = bytes[..128], high = bytes[128..192], factors = bytes[192..208];
            float scale = ReadScale(bytes[208..]);
            for (int n = 0; n < LargeBlock; n++)
            {
                // Each half of 128 numbers: four runs of 32; the runs share bytes, two in the low bits and all four in the high ones.
                int half = n / 128, run = n / 32 % 4, i = n % 32;
                int lowBits = low[half * 64 + run % 2 * 32 + i] >> (run / 2 * 4) & 15;
                int highBits = high[half * 32 + i] >> (run * 2) & 3;
                values[n] = scale * (sbyte)factors[n / 16] * ((lowBits | highBits << 4) - 32);
            }
        }
    }

    private static int Nibble(float scaled) => Math.Min(15, (int)(scaled + 8.5f));

    private static void WriteScale(Span<byte> bytes, float scale) => BinaryPrimitives.WriteHalfLittleEndian(bytes, (Half)scale);

    private static float ReadScale(ReadOnlySpan<byte> bytes) => (float)BinaryPrimitives.ReadHalfLittleEndian(bytes);
}
