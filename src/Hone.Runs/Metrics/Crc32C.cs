using System.Numerics;

namespace Hone.Runs.Metrics;

/// <summary>CRC-32C (Castagnoli), as in RFC 3720 appendix B.4.</summary>
internal static class Crc32C
{
    internal static uint Of(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in bytes) crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }

    /// <summary>The masked form that TensorFlow's record files store.</summary>
    internal static uint Masked(ReadOnlySpan<byte> bytes) => unchecked(BitOperations.RotateRight(Of(bytes), 15) + 0xa282ead8u);
}
