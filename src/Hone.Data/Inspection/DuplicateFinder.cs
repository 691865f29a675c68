using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Hone.Data;

/// <summary>A row that repeats an earlier one.</summary>
/// <param name="Row">Number of the row.</param>
/// <param name="Of">Number of the earlier row.</param>
/// <param name="Similarity">1 for equal words; below that, the estimated share of 5-word shingles in common.</param>
public sealed record Duplicate(int Row, int Of, double Similarity);

/// <summary>
/// Finds rows that repeat an earlier one: exactly (the same words in the same fields; case, punctuation and white space
/// aside) or nearly (by <see cref="MinHash"/>). Of each row hashes are kept and no text: 16 bytes, and for near duplicates
/// about a kilobyte, so these are looked for among the first <see cref="MaxNearRows"/> rows.
/// </summary>
public sealed class DuplicateFinder
{
    /// <summary>Least similarity of near duplicates.</summary>
    public const double NearSimilarity = 0.75;

    /// <summary>Rows that later ones are compared with, apart from exact equality.</summary>
    public const int MaxNearRows = 500_000;

    private readonly Dictionary<UInt128, int> _rows = [];
    private readonly Dictionary<ulong, int> _buckets = [];
    private readonly List<(int Row, uint[] Signature)> _signatures = [];

    /// <summary>Rows seen.</summary>
    public int Rows { get; private set; }

    /// <summary>Rows with the words of an earlier row.</summary>
    public int Exact { get; private set; }

    /// <summary>Rows that are nearly an earlier row, and not exactly one.</summary>
    public int Near { get; private set; }

    /// <summary>Whether there were more rows than near duplicates are looked for among.</summary>
    public bool NearLimited => _signatures.Count >= MaxNearRows;

    /// <summary>Takes the next row in; what it repeats, or null.</summary>
    public Duplicate? Add(int row, IReadOnlyList<string> fields)
    {
        Rows++;
        List<string> words = [];
        List<int> ends = [];
        foreach (string field in fields)
        {
            words.AddRange(Words.Of(field));
            ends.Add(words.Count);
        }
        if (!_rows.TryAdd(Digest(words, ends), row))
        {
            Exact++;
            return new Duplicate(row, _rows[Digest(words, ends)], 1);
        }
        if (words.Count == 0) return null;
        uint[] signature = MinHash.Of(words);
        if (Nearest(signature) is not { } near)
        {
            Remember(row, signature);
            return null;
        }
        Near++;
        Remember(row, signature);
        return new Duplicate(row, near.Row, near.Similarity);
    }

    private (int Row, double Similarity)? Nearest(uint[] signature)
    {
        (int Row, double Similarity)? best = null;
        for (int band = 0; band < MinHash.Bands; band++)
        {
            if (!_buckets.TryGetValue(MinHash.BandKey(signature, band), out int index)) continue;
            double similarity = MinHash.Agreement(signature, _signatures[index].Signature);
            if (similarity >= NearSimilarity && !(similarity <= best?.Similarity)) best = (_signatures[index].Row, similarity);
        }
        return best;
    }

    private void Remember(int row, uint[] signature)
    {
        if (NearLimited) return;
        for (int band = 0; band < MinHash.Bands; band++) _buckets.TryAdd(MinHash.BandKey(signature, band), _signatures.Count);
        _signatures.Add((row, signature));
    }

    private static UInt128 Digest(List<string> words, List<int> fieldEnds)
    {
        string text = $"{string.Join(',', fieldEnds)}\n{string.Join(' ', words)}";
        return MemoryMarshal.Read<UInt128>(SHA256.HashData(MemoryMarshal.AsBytes(text.AsSpan())));
    }
}
