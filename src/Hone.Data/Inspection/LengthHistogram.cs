namespace Hone.Data;

/// <summary>Lengths in tokens: how many texts have each. Memory is that of the different lengths.</summary>
public sealed class LengthHistogram
{
    private readonly SortedDictionary<int, long> _counts = [];

    public long Count { get; private set; }

    public long Tokens { get; private set; }

    public int Most => _counts.Count == 0 ? 0 : _counts.Keys.Last();

    public void Add(int length)
    {
        _counts[length] = _counts.GetValueOrDefault(length) + 1;
        Count++;
        Tokens += length;
    }

    /// <summary>The smallest length that at least this share of the texts do not exceed.</summary>
    public int Quantile(double share)
    {
        long needed = Math.Max(1, (long)Math.Ceiling(share * Count)), seen = 0;
        foreach ((int length, long count) in _counts)
        {
            if ((seen += count) >= needed) return length;
        }
        return 0;
    }

    /// <summary>How many texts fall into each of some ranges of equal width, from 0 to the longest: [from, to), count.</summary>
    public IReadOnlyList<(int From, int To, long Count)> Bins(int most = 12)
    {
        int width = 1;
        // Widths that people read: 1, 2, 5, 10, 20, 50, ...
        for (int step = 0; (Most + width) / width > most; step++) width = step % 3 == 1 ? width / 2 * 5 : width * 2;
        return [.. Enumerable.Range(0, Most / width + 1).Select(b => (b * width, (b + 1) * width, _counts.Where(c => c.Key / width == b).Sum(c => c.Value)))];
    }
}
