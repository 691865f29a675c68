using System.Text.Json;

namespace Hone.Data;

/// <summary>
/// Streams the objects of a JSON file, whichever of the two shapes it has: one object per line (JSONL), or one array of
/// objects. The content decides, not the name: public pipelines write lines into <c>.json</c> files. Memory is that
/// of the longest row.
/// </summary>
internal static class JsonRecords
{
    public static IEnumerable<DataRecord> Read(Stream stream, string path)
    {
        RowBuffer buffer = new(stream, path);
        buffer.SkipByteOrderMark();
        if (!buffer.SkipWhiteSpace()) yield break;
        IEnumerable<DataRecord> records = buffer.Window[0] == (byte)'[' ? Array(buffer, path) : Lines(buffer);
        foreach (DataRecord record in records) yield return record;
    }

    private static IEnumerable<DataRecord> Lines(RowBuffer buffer)
    {
        while (buffer.SkipWhiteSpace())
        {
            int length;
            while ((length = buffer.Window.IndexOf((byte)'\n')) < 0 && !buffer.AtEnd) buffer.Fill();
            if (length < 0) length = buffer.Window.Length;
            yield return Line(buffer, length);
            buffer.Consume(length);
        }
    }

    private static DataRecord Line(RowBuffer buffer, int length)
    {
        try
        {
            return Record(JsonElement.Parse(buffer.Window[..length]), buffer.Where);
        }
        catch (JsonException e)
        {
            throw new InputException($"broken JSON at character {e.BytePositionInLine + 1}: {Reason(e)}", buffer.Where,
                "Each line must be one complete JSON object.", e);
        }
    }

    private static IEnumerable<DataRecord> Array(RowBuffer buffer, string path)
    {
        buffer.Consume(1);
        if (!buffer.SkipWhiteSpace()) throw Unclosed(buffer);
        if (buffer.Window[0] == (byte)']')
        {
            buffer.Consume(1);
        }
        else
        {
            bool more = true;
            while (more)
            {
                (DataRecord record, int length) = Item(buffer, path);
                yield return record;
                buffer.Consume(length);
                more = After(buffer);
            }
        }
        if (buffer.SkipWhiteSpace()) throw new InputException("broken JSON: there is more after the end of the array", buffer.Where);
    }

    private static (DataRecord Record, int Length) Item(RowBuffer buffer, string path)
    {
        while (true)
        {
            try
            {
                Utf8JsonReader reader = new(buffer.Window, buffer.AtEnd, default);
                if (JsonElement.TryParseValue(ref reader, out JsonElement? value))
                    return (Record(value.Value, buffer.Where), (int)reader.BytesConsumed);
            }
            catch (JsonException e)
            {
                throw new InputException($"broken JSON: {Reason(e)}", $"{path}:{buffer.Line + (e.LineNumber ?? 0)}", inner: e);
            }
            if (buffer.AtEnd) throw Unclosed(buffer);
            buffer.Fill();
        }
    }

    /// <summary>Steps over what follows an item; true when another item must come.</summary>
    private static bool After(RowBuffer buffer)
    {
        if (!buffer.SkipWhiteSpace()) throw Unclosed(buffer);
        byte next = buffer.Window[0];
        if (next is not ((byte)',' or (byte)']'))
            throw new InputException("broken JSON: a comma or the end of the array must follow a row", buffer.Where);
        buffer.Consume(1);
        if (next == (byte)']') return false;
        return buffer.SkipWhiteSpace() ? true : throw Unclosed(buffer);
    }

    private static DataRecord Record(JsonElement value, string where) => value.ValueKind == JsonValueKind.Object
        ? new DataRecord(value, where)
        : throw new InputException($"a row must be an object with named columns; this is {DataRecord.Name(value.ValueKind)}", where);

    private static InputException Unclosed(RowBuffer buffer) =>
        new("broken JSON: the file ends before the array does", buffer.Where, "Was the file copied completely?");

    private static string Reason(JsonException e)
    {
        int end = e.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return end < 0 ? e.Message : e.Message[..end];
    }
}
