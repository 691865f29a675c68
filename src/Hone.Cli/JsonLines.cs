using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Data;

namespace Hone.Cli;

/// <summary>One row of JSONL, and where it stands (file:line).</summary>
internal sealed record JsonLine(JsonElement Row, string Where)
{
    public bool Has(string column) => Row.TryGetProperty(column, out JsonElement value) && value.ValueKind != JsonValueKind.Null;

    public JsonElement Require(string column) => Has(column)
        ? Row.GetProperty(column)
        : throw new InputException($"column `{column}` is missing", Where,
            $"The row has the columns {string.Join(", ", Row.EnumerateObject().Select(p => $"`{p.Name}`"))}.");

    public string Text(string column) => JsonLines.Text(Require(column), $"column `{column}`", Where);

    /// <summary>A column of token ids, each from 0 to below <paramref name="size"/>.</summary>
    public int[] Ids(string column, int size = int.MaxValue)
    {
        JsonElement list = Require(column);
        if (list.ValueKind != JsonValueKind.Array) throw new InputException($"column `{column}` must be a list of token ids", Where);
        var ids = new int[list.GetArrayLength()];
        int i = 0;
        foreach (JsonElement item in list.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt32(out ids[i]) || ids[i] < 0 || ids[i] >= size)
            {
                string most = size == int.MaxValue ? "" : $" to {size - 1}";
                throw new InputException($"column `{column}`[{i}] must be a token id, a whole number from 0{most}", Where);
            }
            i++;
        }
        return ids;
    }
}

/// <summary>Rows in, rows out, one JSON object a line: the shape in which tools are compared line by line.</summary>
internal static class JsonLines
{
    /// <summary>A longer line is refused before memory is taken for it. Characters.</summary>
    private const int MaxLine = 64 << 20;

    /// <summary>Rows of a file, or JSON lines of stdin where <paramref name="file"/> is null. Blank lines are skipped.</summary>
    /// <exception cref="InputException">The file is not there, or a row is too long or not a JSON object.</exception>
    public static IEnumerable<JsonLine> Read(Streams io, string? file)
    {
        if (file is not null)
        {
            // A file of rows is read as every verb reads one: JSONL, a JSON array, CSV or Parquet, packed or not.
            foreach (DataRecord record in DataReader.Records(file))
                yield return new JsonLine(WithWholeTexts(record.Value, record.Where), record.Where);
            yield break;
        }
        var line = new StringBuilder();
        for (int number = 1; ReadLine(io.In, line, $"stdin:{number}"); number++)
        {
            if (!string.IsNullOrWhiteSpace(line.ToString())) yield return Parse(line.ToString(), $"stdin:{number}");
        }
    }

    private static bool ReadLine(TextReader reader, StringBuilder line, string where)
    {
        line.Clear();
        int c = reader.Read();
        if (c < 0) return false;
        for (; c is not (-1 or '\n'); c = reader.Read())
        {
            if (line.Length == MaxLine)
                throw new InputException($"a line is longer than {MaxLine >> 20} Mi characters",
                    where, "Each line must be one JSON object.");
            line.Append((char)c);
        }
        return true;
    }

    public static JsonArray Array(IEnumerable<int> values) => [.. values.Select(v => (JsonNode)v)];

    public static JsonArray Array(IEnumerable<bool> values) => [.. values.Select(v => (JsonNode)v)];

    public static JsonArray Array(IEnumerable<float> values) => [.. values.Select(v => (JsonNode)v)];

    public static string Text(JsonElement value, string what, string where) =>
        value.ValueKind == JsonValueKind.String ? value.GetString()! : throw new InputException($"{what} must be text", where);

    private static JsonLine Parse(string line, string where)
    {
        try
        {
            JsonElement row = JsonElement.Parse(line);
            if (line.Contains("\\u", StringComparison.Ordinal)) row = WithWholeTexts(row, where);
            return row.ValueKind == JsonValueKind.Object
                ? new JsonLine(row, where)
                : throw new InputException("a row must be a JSON object", where);
        }
        catch (JsonException e)
        {
            throw new InputException($"broken JSON at character {e.BytePositionInLine + 1}",
                where, "Each line must be one complete JSON object.", e);
        }
    }

    private static JsonElement WithWholeTexts(JsonElement row, string where)
    {
        try
        {
            ReadTexts(row);
            return row;
        }
        catch (InvalidOperationException e)
        {
            throw new InputException("a text of the row holds half of a surrogate pair (a broken \\u escape)", where, inner: e);
        }
    }

    // The parser leaves escapes alone until a text is read; a broken one is to be met here, where the line is known.
    private static void ReadTexts(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.String) value.GetString();
        else if (value.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement item in value.EnumerateArray()) ReadTexts(item);
        }
        else if (value.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty property in value.EnumerateObject())
            {
                _ = property.Name;
                ReadTexts(property.Value);
            }
        }
    }
}
