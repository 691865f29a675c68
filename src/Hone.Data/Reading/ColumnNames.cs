using System.Buffers;
using System.Text.Json;

namespace Hone.Data;

/// <summary>
/// Columns of a file by the names that layouts know them by: <c>prompt=question</c> reads <c>question</c> as <c>prompt</c>.
/// </summary>
internal sealed class ColumnNames
{
    private readonly IReadOnlyList<(string Name, string Column)> _names;

    private ColumnNames(IReadOnlyList<(string Name, string Column)> names) => _names = names;

    public static ColumnNames AsTheyAre { get; } = new([]);

    /// <exception cref="InputException">One is not written as name=column, or names a column twice.</exception>
    public static ColumnNames Parse(IReadOnlyList<string> written)
    {
        if (written.Count == 0) return AsTheyAre;
        var names = new List<(string Name, string Column)>();
        foreach (string text in written)
        {
            if (text.Split('=', 2, StringSplitOptions.TrimEntries) is not [{ Length: > 0 } name, { Length: > 0 } column])
                throw new InputException($"`{text}` names no column", fix: "Write name=column, as in prompt=question.");
            if (names.Any(n => n.Name == name)) throw new InputException($"`{name}` is given two columns");
            names.Add((name, column));
        }
        return new ColumnNames(names);
    }

    /// <summary>The rows with their columns named anew; other columns stay, but for one whose name is taken.</summary>
    /// <exception cref="InputException">A row has neither the column nor one of the name it would get.</exception>
    public IEnumerable<DataRecord> Apply(IEnumerable<DataRecord> records) => _names.Count == 0 ? records : records.Select(Rename);

    private DataRecord Rename(DataRecord record)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            foreach ((string name, string column) in _names)
            {
                json.WritePropertyName(name);
                Find(record, name, column).WriteTo(json);
            }
            foreach (JsonProperty property in record.Value.EnumerateObject())
                if (_names.All(n => n.Name != property.Name && n.Column != property.Name)) property.WriteTo(json);
            json.WriteEndObject();
        }
        return record with { Value = JsonElement.Parse(bytes.WrittenSpan) };
    }

    private static JsonElement Find(DataRecord record, string name, string column) =>
        record.Value.TryGetProperty(column, out JsonElement value) || record.Value.TryGetProperty(name, out value)
            ? value
            : throw record.Wrong($"there is no column `{column}` to be read as `{name}`",
                $"The row has the columns {DataRecord.List(record.Columns)}.");
}
