using System.Security.Cryptography;
using System.Runtime.InteropServices;

namespace Hone.Data;

/// <summary>
/// A short signature of a text whose agreement with another's estimates how much their 5-word shingles have in common
/// (Jaccard similarity; Broder 1997). 14 bands of 8 values find most pairs above 0.75, the setting of FineWeb (arXiv
/// 2406.17557, section 3.4).
/// </summary>
internal static class MinHash
{
    public const int Bands = 14, BandSize = 8, Shingle = 5;

    private const int Size = Bands * BandSize;
    private static readonly (ulong Factor, ulong Offset)[] s_functions = Functions();

    /// <summary>The signature of a text's words; a text shorter than a shingle is one shingle. [112]</summary>
    public static uint[] Of(IReadOnlyList<string> words)
    {
        uint[] least = new uint[Size];
        Array.Fill(least, uint.MaxValue);
        ulong[] hashes = [.. words.Select(Hash)];
        int shingles = Math.Max(1, hashes.Length - Shingle + 1);
        for (int start = 0; start < shingles; start++)
        {
            ulong shingle = 0;
            for (int i = start; i < Math.Min(start + Shingle, hashes.Length); i++) shingle = Mix(shingle + hashes[i]);
            for (int f = 0; f < Size; f++)
                least[f] = Math.Min(least[f], (uint)((s_functions[f].Factor * shingle + s_functions[f].Offset) >> 32));
        }
        return least;
    }

    /// <summary>Share of the values that two signatures have in common: the estimated similarity.</summary>
    public static double Agreement(ReadOnlySpan<uint> a, ReadOnlySpan<uint> b)
    {
        int same = 0;
        for (int i = 0; i < Size; i++)
            if (a[i] == b[i]) same++;
        return (double)same / Size;
    }

    /// <summary>A key for one band of a signature: texts with an equal key are candidates.</summary>
    public static ulong BandKey(ReadOnlySpan<uint> signature, int band)
    {
        ulong key = (ulong)band;
        foreach (uint value in signature.Slice(band * BandSize, BandSize)) key = Mix(key + value);
        return key;
    }

    // FNV-1a over the characters: stable between processes, which string.GetHashCode is not.
    private static ulong Hash(string word)
    {
        ulong hash = 14695981039346656037;
        foreach (char c in word) hash = (hash ^ c) * 1099511628211;
        return Mix(hash);
    }

    // The finalizer of SplitMix64.
    private static ulong Mix(ulong x)
    {
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
        x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
        return x ^ (x >> 31);
    }

    // Multiply-shift hashing with odd factors (Dietzfelbinger et al. 1997), drawn from SHA-256 of the function's number.
    private static (ulong, ulong)[] Functions()
    {
        var functions = new (ulong, ulong)[Size];
        for (int f = 0; f < Size; f++)
        {
            ReadOnlySpan<ulong> drawn = MemoryMarshal.Cast<byte, ulong>(SHA256.HashData([(byte)f]));
            functions[f] = (drawn[0] | 1, drawn[1]);
        }
        return functions;
    }
}
