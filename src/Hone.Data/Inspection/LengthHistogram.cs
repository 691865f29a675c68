namespace Hone.Data;

/// <summary>Lengths counted one by one, so that every figure is exact; memory is that of the distinct lengths.</summary>
public sealed class LengthHistogram
{
    private readonly SortedDictionary<int, long> _counts = [];

    /// <summary>How many lengths were added.</summary>
    public long Count { get; private set; }

    /// <summary>Sum of all lengths.</summary>
    public long Total { get; private set; }

    /// <summary>The shortest; 0 where there is none.</summary>
    public int Min => _counts.Count == 0 ? 0 : _counts.Keys.First();

    /// <summary>The longest; 0 where there is none.</summary>
    public int Max { get; private set; }

    public double Mean => Count == 0 ? 0 : (double)Total / Count;

    public void Add(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        _counts[length] = _counts.GetValueOrDefault(length) + 1;
        Count++;
        Total += length;
        Max = Math.Max(Max, length);
    }

    /// <summary>
    /// The shortest length that at least <paramref name="share"/> (above 0, to 1) of all do not exceed: the
    /// nearest-rank percentile.
    /// </summary>
    public int Percentile(double share)
    {
        if (!(share > 0 && share <= 1)) throw new ArgumentOutOfRangeException(nameof(share), share, "above 0, to 1");
        long rank = (long)Math.Ceiling(share * Count), seen = 0;
        foreach ((int length, long count) in _counts)
        {
            seen += count;
            if (seen >= rank) return length;
        }
        return 0;
    }

    /// <summary>
    /// At most <paramref name="most"/> stretches of one round width (1, 2 or 5 times a power of ten) from the shortest to
    /// the longest, empty ones included; each counts the lengths from <c>From</c> to below <c>To</c>.
    /// </summary>
    public IReadOnlyList<(int From, int To, long Count)> Bins(int most)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 2);
        if (Count == 0) return [];
        long width = RoundWidths().First(w => Max / w - Min / w + 1 <= most);
        long first = Min / width;
        long[] counts = new long[Max / width - first + 1];
        foreach ((int length, long count) in _counts) counts[length / width - first] += count;
        return [.. counts.Select((count, i) => ((int)((first + i) * width), (int)Math.Min((first + i + 1) * width, int.MaxValue), count))];
    }

    private static IEnumerable<long> RoundWidths()
    {
        for (long power = 1; ; power *= 10)
        {
            yield return power;
            yield return 2 * power;
            yield return 5 * power;
        }
    }
}
