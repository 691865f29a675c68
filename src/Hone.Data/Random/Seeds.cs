using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Hone.Data;

/// <summary>Gives everything random in a run a seed of its own, by name, from the run's one seed.</summary>
internal static class Seeds
{
    /// <summary>
    /// The first 8 bytes, little-endian, of SHA-256(seed as 8 little-endian bytes, then the name in UTF-8). Stable
    /// across processes, machines and versions; names that differ give seeds that have nothing in common.
    /// </summary>
    public static ulong Derive(ulong seed, string name)
    {
        byte[] input = new byte[8 + Encoding.UTF8.GetByteCount(name)];
        BinaryPrimitives.WriteUInt64LittleEndian(input, seed);
        Encoding.UTF8.GetBytes(name, input.AsSpan(8));
        return BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(input));
    }
}
