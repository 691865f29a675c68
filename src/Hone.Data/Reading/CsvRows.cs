using System.Buffers;
using System.Text.Json;

namespace Hone.Data;

/// <summary>
/// A CSV file as rows: its header names the columns, every cell is text. A cell that holds a JSON list or object (messages, for
/// example) is that; an empty one is null.
/// </summary>
internal static class CsvRows
{
    public static IEnumerable<DataRecord> Read(Stream stream, string path)
    {
        string[]? header = null;
        foreach ((string[] cells, int line) in CsvRecords.Read(stream, path))
        {
            if (header is null)
            {
                header = cells;
                if (header.GroupBy(name => name, StringComparer.Ordinal)
                    .FirstOrDefault(g => g.Count() > 1 && g.Key.Length > 0) is { } twice)
                    throw new InputException($"the header names `{twice.Key}` twice", $"{path}:{line}",
                        "Give each column a name of its own.");
                continue;
            }
            if (cells.Length != header.Length)
                throw new InputException($"the row has {cells.Length} cells, the header {header.Length}", $"{path}:{line}",
                    "Quote a cell that holds a comma or a line break.");
            yield return new DataRecord(Row(header, cells), $"{path}:{line}");
        }
    }

    private static JsonElement Row(string[] header, string[] cells)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            for (int i = 0; i < header.Length; i++)
            {
                if (header[i].Length == 0) continue; // the numbers that pandas puts in front
                json.WritePropertyName(header[i]);
                if (cells[i].Length == 0) json.WriteNullValue();
                else if (Structure(cells[i]) is { } value) value.WriteTo(json);
                else json.WriteStringValue(cells[i]);
            }
            json.WriteEndObject();
        }
        return JsonElement.Parse(bytes.WrittenSpan);
    }

    private static JsonElement? Structure(string cell)
    {
        if (cell[0] is not ('[' or '{')) return null;
        try
        {
            return JsonElement.Parse(cell);
        }
        catch (JsonException)
        {
            return null; // a text that begins with a bracket
        }
    }
}
