using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Hone.Data;

/// <summary>
/// Files of samples and of pairs: JSONL, one row per line, columns in a fixed order, numbers in the shortest form that
/// reads back to the same value. The same rows give the same bytes on every machine.
/// </summary>
public static class RowFile
{
    // Leaves letters of all languages readable; the files are never put into HTML.
    private static readonly RowJson s_json =
        new(new JsonSerializerOptions(RowJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    private static readonly string[] s_pairColumns = ["prompt", "chosen", "rejected", "prompt_ids", "chosen_ids", "rejected_ids"];

    /// <summary>Writes all rows beside the target and renames it then, so that the target is never half written.</summary>
    /// <exception cref="InputException">The disk is full, or the file cannot be written; the old one is intact.</exception>
    public static void Write(string path, IEnumerable<SampleRow> rows) => Write(path, rows, s_json.SampleRow);

    /// <inheritdoc cref="Write(string, IEnumerable{SampleRow})"/>
    public static void Write(string path, IEnumerable<PairRow> rows) => Write(path, rows, s_json.PairRow);

    /// <summary>Writes rows to a stream and leaves it open.</summary>
    public static void Write(Stream stream, IEnumerable<SampleRow> rows) => Write(stream, rows, s_json.SampleRow);

    /// <inheritdoc cref="Write(Stream, IEnumerable{SampleRow})"/>
    public static void Write(Stream stream, IEnumerable<PairRow> rows) => Write(stream, rows, s_json.PairRow);

    /// <summary>Reads samples one by one; every list that a row has must hold one item per response.</summary>
    /// <exception cref="InputException">The file cannot be read, or a row is not a sample; with file and line.</exception>
    public static IEnumerable<SampleRow> ReadSamples(string path) =>
        Read(path, s_json.SampleRow, ["prompt", "responses"], Check);

    /// <summary>Reads pairs one by one.</summary>
    /// <exception cref="InputException">The file cannot be read, or a row is not a pair; with file and line.</exception>
    public static IEnumerable<PairRow> ReadPairs(string path) =>
        Read(path, s_json.PairRow, ["prompt", "chosen", "rejected"], Check);

    /// <summary>
    /// Whether a file's first row is a pair made from samples, token ids included, and not preference data of some
    /// layout.
    /// </summary>
    /// <exception cref="InputException">The file cannot be read.</exception>
    public static bool HoldsPairs(string path)
    {
        if (DataFile.IsText(path)) return false;
        return DataReader.Records(path).FirstOrDefault() is { } first
            && s_pairColumns.All(first.Has);
    }

    private static void Write<T>(string path, IEnumerable<T> rows, JsonTypeInfo<T> type) =>
        Durable.WriteFile(path, stream => Write(stream, rows, type));

    private static void Write<T>(Stream stream, IEnumerable<T> rows, JsonTypeInfo<T> type)
    {
        foreach (T row in rows)
        {
            JsonSerializer.Serialize(stream, row, type);
            stream.WriteByte((byte)'\n');
        }
    }

    private static IEnumerable<T> Read<T>(string path, JsonTypeInfo<T> type, string[] required, Action<T, DataRecord> check)
    {
        foreach (DataRecord record in DataReader.Records(path))
        {
            foreach (string column in required) record.Require(column);
            T row;
            try
            {
                row = record.Value.Deserialize(type)!;
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException)
            {
                string at = e is JsonException { Path: { } jsonPath } ? $" at {jsonPath}" : "";
                throw new InputException($"the row does not have the columns of {typeof(T).Name}{at}", record.Where,
                    "Types and names are those that hone sample, hone score and hone pair write.", e);
            }
            check(row, record);
            yield return row;
        }
    }

    private static void Check(SampleRow row, DataRecord record)
    {
        RequireLength("response_ids", row.ResponseIds?.Length);
        RequireLength("logprobs", row.Logprobs?.Length);
        RequireLength("finish_reasons", row.FinishReasons?.Length);
        RequireLength("rewards", row.Rewards?.Length);
        for (int k = 0; k < row.Count && row is { ResponseIds: not null, Logprobs: not null }; k++)
        {
            if (row.ResponseIds[k].Length != row.Logprobs[k].Length)
                throw record.Wrong($"response {k + 1} has {row.ResponseIds[k].Length} tokens but {row.Logprobs[k].Length} logprobs");
        }

        void RequireLength(string column, int? length)
        {
            if (length is { } n && n != row.Count) throw record.Wrong($"{row.Count} responses but {n} {column}");
        }
    }

    private static void Check(PairRow row, DataRecord record)
    {
        bool any = row.PromptIds is not null || row.ChosenIds is not null || row.RejectedIds is not null;
        bool all = row is { PromptIds: not null, ChosenIds: not null, RejectedIds: not null };
        if (any && !all) throw record.Wrong("`prompt_ids`, `chosen_ids` and `rejected_ids` must be there together");
    }
}
