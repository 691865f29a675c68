using System.Globalization;
using System.Text;

namespace Hone.Data;

/// <summary>
/// What became of the rows of one source: rows in = rows kept + rows dropped, with a count per reason. Rows that were
/// kept but altered (cut to a length limit, for example) are counted beside that.
/// </summary>
public sealed class DataReport(string source)
{
    private readonly SortedDictionary<string, int> _dropped = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, int> _changed = new(StringComparer.Ordinal);

    /// <summary>The file or stage that the rows came from.</summary>
    public string Source { get; } = source;

    /// <summary>The detected layout, in words, or null before the first row.</summary>
    public string? Layout { get; set; }

    /// <summary>Columns of the first row that the layout does not read.</summary>
    public IReadOnlyList<string> IgnoredColumns { get; set; } = [];

    public int Read { get; private set; }

    public int Kept { get; private set; }

    /// <summary>Rows dropped, per reason.</summary>
    public IReadOnlyDictionary<string, int> Dropped => _dropped;

    /// <summary>Alterations, per reason; a row may count under several.</summary>
    public IReadOnlyDictionary<string, int> Changed => _changed;

    /// <summary>Whether anything was dropped or changed.</summary>
    public bool Touched => _dropped.Count > 0 || _changed.Count > 0;

    public int DroppedCount => _dropped.Values.Sum();

    public void Keep()
    {
        Read++;
        Kept++;
    }

    public void Drop(string reason)
    {
        Read++;
        _dropped[reason] = _dropped.GetValueOrDefault(reason) + 1;
    }

    public void Change(string reason, int count = 1) => _changed[reason] = _changed.GetValueOrDefault(reason) + count;

    /// <summary>Stops where nothing is left to work on, with the reasons, before a later stage fails for want of rows.</summary>
    /// <exception cref="InputException">There were rows, and none was kept.</exception>
    public void RequireKept()
    {
        if (Read > 0 && Kept == 0)
            throw new InputException($"none of the {Read} rows can be used{Counts("", _dropped)}{Counts("; changed", _changed)}", Source);
    }

    /// <summary>One line for the log, for example <c>pairs.jsonl: 10 rows, 8 kept, 2 dropped (empty_answer 2)</c>.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"{Source}: {Read} rows, {Kept} kept, {DroppedCount} dropped");
        text.Append(Counts("", _dropped)).Append(Counts("; changed", _changed));
        if (Layout is not null) text.Append("; layout: ").Append(Layout);
        if (IgnoredColumns.Count > 0) text.Append("; columns not used: ").AppendJoin(", ", IgnoredColumns);
        return text.ToString();
    }

    private static string Counts(string title, SortedDictionary<string, int> counts) =>
        counts.Count == 0 ? "" : $"{title} ({string.Join(", ", counts.Select(c => $"{c.Key} {c.Value}"))})";
}
