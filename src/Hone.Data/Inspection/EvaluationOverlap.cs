namespace Hone.Data;

/// <summary>A row that shares n-grams with evaluation items.</summary>
/// <param name="Row">Number of the row in its file, from 1.</param>
/// <param name="Best">The item that is covered most.</param>
/// <param name="Items">How many items it overlaps with.</param>
public sealed record OverlappingRow(int Row, Overlap Best, int Items);

/// <summary>Counts which rows overlap with which evaluation sets.</summary>
public sealed class EvaluationOverlap(NgramIndex index)
{
    /// <summary>Rows that are listed; all are counted.</summary>
    public const int MostListed = 1000;

    private readonly HashSet<EvaluationItem> _hit = new(ReferenceEqualityComparer.Instance);
    private readonly SortedDictionary<string, int> _itemsHit = new(StringComparer.Ordinal);
    private readonly List<OverlappingRow> _rows = [];

    public NgramIndex Index { get; } = index;

    /// <summary>Rows compared.</summary>
    public int RowsSeen { get; private set; }

    /// <summary>Rows that overlap with at least one item.</summary>
    public int RowsHit { get; private set; }

    /// <summary>The rows that overlap, in order; the first <see cref="MostListed"/>.</summary>
    public IReadOnlyList<OverlappingRow> Rows => _rows;

    /// <summary>Items hit, by evaluation file.</summary>
    public IReadOnlyDictionary<string, int> ItemsHit => _itemsHit;

    public void Add(int row, IReadOnlyList<string> fields)
    {
        RowsSeen++;
        IReadOnlyList<Overlap> overlaps = Index.Find(fields);
        if (overlaps.Count == 0) return;
        RowsHit++;
        foreach (Overlap overlap in overlaps)
            if (_hit.Add(overlap.Item)) _itemsHit[overlap.Item.File] = _itemsHit.GetValueOrDefault(overlap.Item.File) + 1;
        if (_rows.Count < MostListed) _rows.Add(new OverlappingRow(row, overlaps[0], overlaps.Count));
    }
}
