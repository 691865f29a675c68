namespace Hone.Data;

/// <summary>Reads rows of one kind: the first row decides the layout, and every other row must have the same.</summary>
internal static class LayoutReader
{
    public static IEnumerable<T> Read<T>(
        IEnumerable<DataRecord> records, string kind, IReadOnlyList<Layout<T>> layouts, DataReport report)
        where T : class
    {
        Layout<T>? layout = null;
        foreach (DataRecord record in records)
        {
            if (layout is null)
            {
                layout = layouts.FirstOrDefault(l => l.Fits(record));
                if (layout is null)
                {
                    // The next row without a null decides.
                    report.Drop(NullIn(record, layouts) ?? throw Unknown(record, kind, layouts));
                    continue;
                }
                report.Layout = layout.Name;
                report.IgnoredColumns = [.. record.Columns.Except(layout.Reads)];
            }
            else if (!layout.Fits(record))
            {
                report.Drop(layout.NullIn(record) ?? throw Mixed(record, layout, layouts));
                continue;
            }
            Parsed<T> parsed = layout.Parse(record, report);
            if (parsed.Row is { } row)
            {
                report.Keep();
                yield return row;
            }
            else
            {
                report.Drop(parsed.Drop!);
            }
        }
    }

    private static string? NullIn<T>(DataRecord record, IReadOnlyList<Layout<T>> layouts) =>
        layouts.Select(l => l.NullIn(record)).FirstOrDefault(reason => reason is not null);

    private static InputException Unknown<T>(DataRecord record, string kind, IReadOnlyList<Layout<T>> layouts)
    {
        Layout<T>[] listed = [.. layouts.Where(l => l.Listed)];
        string known = $"Layouts of {kind}: {string.Join("; ", listed.AsEnumerable())}.";
        foreach (Layout<T> layout in listed)
        {
            RequiredColumn[] missing = [.. layout.Required.Where(c => !c.Fits(record))];
            if (missing.Length != 1 || layout.Required.Count == 1) continue;
            return record.Wrong($"{Fault(record, missing[0])}; the row has the columns {DataRecord.List(record.Columns)}", known);
        }
        return record.Wrong($"no known layout of {kind} has the columns {DataRecord.List(record.Columns)}", known);
    }

    private static InputException Mixed<T>(DataRecord record, Layout<T> layout, IReadOnlyList<Layout<T>> layouts)
    {
        if (layouts.FirstOrDefault(l => l.Fits(record)) is { } other)
        {
            return record.Wrong(
                $"mixed layouts: this row is {other}, the first row was {layout}", "Put each layout into a file of its own.");
        }
        RequiredColumn? fault = layout.Required.FirstOrDefault(c => !c.Fits(record));
        return record.Wrong(
            fault is null ? $"this row has a column `{layout.Without}`, the first row had none" : Fault(record, fault),
            $"The row has the columns {DataRecord.List(record.Columns)}; the first row was {layout}.");
    }

    private static string Fault(DataRecord record, RequiredColumn column) => record[column.Name] is { } value
        ? $"column `{column.Name}` is {DataRecord.Name(value.ValueKind)}, not {string.Join(" or ", column.Kinds.Select(DataRecord.Name))}"
        : $"column `{column.Name}` is {(record.IsNull(column.Name) ? "null" : "missing")}";
}
