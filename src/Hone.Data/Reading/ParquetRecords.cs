using System.Buffers;
using System.Collections;
using System.Text.Json;
using Parquet;
using Parquet.Serialization;

namespace Hone.Data;

/// <summary>
/// Streams the rows of a Parquet file, one row group at a time, as the same records that JSON gives: nested lists and
/// structs (a list of <c>{role, content}</c>) become lists and objects. Memory is that of the largest row group.
/// </summary>
internal static class ParquetRecords
{
    /// <summary>A row group that says it is larger is refused before memory is taken for it. Bytes, uncompressed.</summary>
    public const long MaxRowGroup = 2L << 30;

    public static IEnumerable<DataRecord> Read(string path)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 16);
        RequireMarks(file, path);
        long row = 0;
        int groups = Guard(path, 0, () => Groups(file, path));
        for (int group = 0; group < groups; group++)
        {
            IList<Dictionary<string, object?>> rows = Guard(path, group, () =>
            {
                file.Position = 0;
                return (IList<Dictionary<string, object?>>)ParquetSerializer.DeserializeUntypedAsync(file, null, group).GetAwaiter().GetResult().Data;
            });
            foreach (Dictionary<string, object?> values in rows)
            {
                string where = $"{path}:row {++row}";
                yield return new DataRecord(ToJson(values, where), where);
            }
        }
    }

    // "PAR1" stands at both ends of a whole file.
    private static void RequireMarks(FileStream file, string path)
    {
        Span<byte> mark = stackalloc byte[4];
        bool begins = file.Length >= 12 && file.ReadAtLeast(mark, 4) == 4 && mark.SequenceEqual("PAR1"u8);
        if (!begins) throw new InputException("this is not a Parquet file: it does not begin with PAR1", path);
        file.Position = file.Length - 4;
        if (file.ReadAtLeast(mark, 4) == 4 && mark.SequenceEqual("PAR1"u8)) return;
        throw new InputException($"the Parquet file is cut short: its {file.Length:N0} bytes do not end with PAR1", path, "Was the file copied completely?");
    }

    private static int Groups(FileStream file, string path)
    {
        file.Position = 0;
        ParquetReader reader = ParquetReader.CreateAsync(file, leaveStreamOpen: true).GetAwaiter().GetResult();
        try
        {
            for (int group = 0; group < reader.RowGroupCount; group++)
            {
                Parquet.Meta.RowGroup meta = reader.Metadata!.RowGroups[group];
                long bytes = Math.Max(meta.TotalByteSize, meta.Columns.Sum(c => c.MetaData?.TotalUncompressedSize ?? 0));
                if (bytes > MaxRowGroup || meta.NumRows > int.MaxValue)
                    throw new InputException($"row group {group} has {meta.NumRows:N0} rows and {bytes:N0} bytes; {MaxRowGroup >> 30} GiB is the most", path,
                        "Write the file with smaller row groups.");
            }
            return reader.RowGroupCount;
        }
        finally
        {
            reader.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    // The library reports damage by whatever exception its parsing met.
    private static T Guard<T>(string path, int group, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is not (InputException or OutOfMemoryException))
        {
            throw new InputException($"the Parquet file is damaged, or uses what is not supported, in row group {group}: {e.Message}", path, inner: e);
        }
    }

    private static JsonElement ToJson(Dictionary<string, object?> values, string where)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes)) Write(json, values, where);
        return JsonElement.Parse(bytes.WrittenSpan);
    }

    private static void Write(Utf8JsonWriter json, object? value, string where)
    {
        switch (value)
        {
            case null: json.WriteNullValue(); break;
            case string text: json.WriteStringValue(text); break;
            case ReadOnlyMemory<char> text: json.WriteStringValue(text.Span); break;
            case bool truth: json.WriteBooleanValue(truth); break;
            case double number when double.IsFinite(number): json.WriteNumberValue(number); break;
            case float number when float.IsFinite(number): json.WriteNumberValue(number); break;
            case double or float: json.WriteNullValue(); break;
            case sbyte or byte or short or ushort or int or uint or long: json.WriteNumberValue(Convert.ToInt64(value)); break;
            case ulong number: json.WriteNumberValue(number); break;
            case decimal number: json.WriteNumberValue(number); break;
            case DateTime or DateTimeOffset or DateOnly or TimeSpan or Guid: json.WriteStringValue(FormattableString.Invariant($"{value:O}")); break;
            case byte[] bytes: json.WriteBase64StringValue(bytes); break;
            case ReadOnlyMemory<byte> bytes: json.WriteBase64StringValue(bytes.Span); break;
            case IDictionary map:
                json.WriteStartObject();
                foreach (DictionaryEntry entry in map)
                {
                    json.WritePropertyName(Convert.ToString(entry.Key, System.Globalization.CultureInfo.InvariantCulture)!);
                    Write(json, entry.Value, where);
                }
                json.WriteEndObject();
                break;
            case IEnumerable list:
                json.WriteStartArray();
                foreach (object? item in list) Write(json, item, where);
                json.WriteEndArray();
                break;
            default: throw new InputException($"a value of the Parquet type {value.GetType().Name} is not supported", where);
        }
    }
}
