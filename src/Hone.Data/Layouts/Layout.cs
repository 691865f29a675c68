using System.Text.Json;

namespace Hone.Data;

/// <summary>A way in which public data sets write one kind of row.</summary>
/// <param name="Name">What a report and an error message call it.</param>
/// <param name="Required">Columns that every row has, with the kinds of value they may hold.</param>
/// <param name="Optional">Further columns that are read where they are.</param>
/// <param name="Parse">Makes the row; counts alterations in the report.</param>
internal sealed record Layout<T>(
    string Name,
    IReadOnlyList<RequiredColumn> Required,
    IReadOnlyList<string> Optional,
    Func<DataRecord, DataReport, Parsed<T>> Parse)
{
    private static readonly string[] s_prompts = ["prompt", "context_messages", "question", "instruction"];

    /// <summary>A column that a row of this layout does not have, or null.</summary>
    public string? Without { get; init; }

    /// <summary>What a row of this layout must be besides, or null.</summary>
    public Func<DataRecord, bool>? Also { get; init; }

    /// <summary>Whether messages list it; those of rows that hold something else besides go without saying.</summary>
    public bool Listed { get; init; } = true;

    public bool Fits(DataRecord record) =>
        Required.All(column => column.Fits(record)) && (Without is null || !record.Has(Without)) && Also?.Invoke(record) != false;

    /// <summary>
    /// Why a row that is of this layout but for columns that are null is dropped; null for a row that is not. Data sets write
    /// null for an answer that is missing.
    /// </summary>
    public string? NullIn(DataRecord record)
    {
        RequiredColumn? empty = Required.FirstOrDefault(c => record.IsNull(c.Name));
        if (empty is null || !Required.All(c => c.Fits(record) || record.IsNull(c.Name)) || (Without is not null && record.Has(Without)))
            return null;
        return s_prompts.Contains(empty.Name) ? DropReason.EmptyPrompt : DropReason.EmptyAnswer;
    }

    /// <summary>The same columns read for something else.</summary>
    /// <param name="prefix">Put before the name.</param>
    public Layout<TOut> As<TOut>(string prefix, Func<DataRecord, T, DataReport, Parsed<TOut>> make) =>
        new(prefix + Name, Required, Optional,
        (record, report) =>
        {
            Parsed<T> parsed = Parse(record, report);
            return parsed.Row is { } row ? make(record, row, report) : parsed.Drop!;
        })
        { Without = Without, Also = Also };

    public IEnumerable<string> Reads => Required.Select(c => c.Name).Concat(Optional);

    /// <summary>For messages: <c>name (column, column)</c>.</summary>
    public override string ToString() => $"{Name} ({string.Join(", ", Required.Select(c => c.Name))})";
}

internal sealed record RequiredColumn(string Name, params JsonValueKind[] Kinds)
{
    public static RequiredColumn Text(string name) => new(name, JsonValueKind.String);

    public static RequiredColumn List(string name) => new(name, JsonValueKind.Array);

    /// <summary>Whether messages list it; those of rows that hold something else besides go without saying.</summary>
    public bool Listed { get; init; } = true;

    public bool Fits(DataRecord record) => record[Name] is { } value && Kinds.Contains(value.ValueKind);
}

/// <summary>A row, or the reason why there is none.</summary>
internal readonly record struct Parsed<T>(T? Row, string? Drop)
{
    public static implicit operator Parsed<T>(T row) => new(row, null);

    public static implicit operator Parsed<T>(string drop) => new(default, drop);
}
