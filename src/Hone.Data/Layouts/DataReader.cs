namespace Hone.Data;

/// <summary>
/// Reads rows from JSONL, JSON arrays, CSV, plain text, each also as <c>.gz</c> or <c>.zst</c>, and Parquet, one row at a
/// time. The layout is detected
/// from the first row and stated in the report; rows that cannot be used are dropped and counted there.
/// </summary>
/// <remarks>
/// All methods throw <see cref="InputException"/> with file and line for: no such file, an unknown kind of file, bytes
/// that are not UTF-8 (with their offset), a damaged .gz, .zst or Parquet file, broken JSON, an unknown layout, a
/// missing column, layouts mixed
/// in one file, a value of the wrong kind, no row at all or none that can be used. They read while they are enumerated.
/// </remarks>
public static class DataReader
{
    /// <summary>
    /// Conversations (<c>messages</c>, ShareGPT <c>conversations</c>, Alpaca <c>instruction</c>/<c>input</c>/<c>output</c>)
    /// or texts (<c>text</c>, or a .txt file whose texts are separated by <c>&lt;|endoftext|&gt;</c> or blank lines).
    /// Dropped: an assistant turn without text, a conversation without the assistant.
    /// </summary>
    public static IEnumerable<SftRow> ReadSft(string path, DataReport report) => ReadSft(path, report, []);

    /// <inheritdoc cref="ReadSft(string, DataReport)"/>
    /// <param name="filters">Rows that do not pass all of these are dropped and counted.</param>
    public static IEnumerable<SftRow> ReadSft(string path, DataReport report, IReadOnlyList<RowFilter> filters) =>
        ReadSft(path, report, filters, ColumnNames.AsTheyAre);

    internal static IEnumerable<SftRow> ReadSft(string path, DataReport report, IReadOnlyList<RowFilter> filters, ColumnNames columns) =>
        DataFile.IsText(path) ? Texts(path, report) : Json(path, "conversations", SftLayouts.All, report, filters, columns);

    /// <summary>
    /// Preferences: <c>chosen</c> and <c>rejected</c> as message lists, as answers beside <c>prompt</c>, <c>question</c> or
    /// <c>instruction</c>, as hh-rlhf transcripts, as texts with a common beginning, as LLaMA-Factory's pairs, as OpenAI's
    /// <c>preferred_output</c>, as Stack Exchange's <c>question</c>, <c>response_j</c>, <c>response_k</c>, or paired from answers
    /// with a <c>label</c>. Dropped: an empty answer or prompt, answers that are equal, answers to different prompts.
    /// </summary>
    public static IEnumerable<Preference> ReadPreferences(string path, DataReport report) => ReadPreferences(path, report, []);

    /// <inheritdoc cref="ReadPreferences(string, DataReport)"/>
    /// <param name="filters">Rows that do not pass all of these are dropped and counted.</param>
    public static IEnumerable<Preference> ReadPreferences(string path, DataReport report, IReadOnlyList<RowFilter> filters) =>
        ReadPreferences(path, report, filters, ColumnNames.AsTheyAre);

    internal static IEnumerable<Preference> ReadPreferences(
        string path, DataReport report, IReadOnlyList<RowFilter> filters, ColumnNames columns) =>
        AreLabelled(path, columns)
            ? Json(path, "preferences", report, filters, columns, LabelledAnswers.Pair)
            : Json(path, "preferences", PreferenceLayouts.All, report, filters, columns);

    /// <summary>Labelled answers one by one; a file of preferences gives two for each, the chosen one good and the other bad.</summary>
    internal static IEnumerable<LabelledAnswer> ReadLabelled(
        string path, DataReport report, IReadOnlyList<RowFilter> filters, ColumnNames columns) =>
        AreLabelled(path, columns)
            ? Json(path, "labelled answers", report, filters, columns, LabelledAnswers.Single)
            : ReadPreferences(path, report, filters, columns).SelectMany(p => new LabelledAnswer[]
            {
                new(p.Prompt, p.Chosen, Good: true), new(p.Prompt, p.Rejected, Good: false),
            });

    private static bool AreLabelled(string path, ColumnNames columns) =>
        !DataFile.IsText(path) && columns.Apply(Records(path)).FirstOrDefault() is { } first && LabelledAnswers.Are(first);

    /// <summary>
    /// Prompts: <c>context_messages</c>, <c>messages</c> or <c>prompt</c> (text or messages), or those of conversations and
    /// preferences in any of their layouts. The assistant's turns at the end are left out and counted. Dropped: an empty prompt.
    /// </summary>
    public static IEnumerable<PromptRow> ReadPrompts(string path, DataReport report) => ReadPrompts(path, report, []);

    /// <inheritdoc cref="ReadPrompts(string, DataReport)"/>
    /// <param name="filters">Rows that do not pass all of these are dropped and counted.</param>
    public static IEnumerable<PromptRow> ReadPrompts(string path, DataReport report, IReadOnlyList<RowFilter> filters) =>
        ReadPrompts(path, report, filters, ColumnNames.AsTheyAre);

    internal static IEnumerable<PromptRow> ReadPrompts(
        string path, DataReport report, IReadOnlyList<RowFilter> filters, ColumnNames columns) =>
        Json(path, "prompts", PromptLayouts.All, report, filters, columns);

    private static IEnumerable<T> Json<T>(
        string path, string kind, IReadOnlyList<Layout<T>> layouts, DataReport report, IReadOnlyList<RowFilter> filters,
        ColumnNames columns)
        where T : class => Json(path, kind, report, filters, columns, (records, counts) =>
            LayoutReader.Read(records, kind, layouts, counts));

    private static IEnumerable<T> Json<T>(
        string path, string kind, DataReport report, IReadOnlyList<RowFilter> filters, ColumnNames columns,
        Func<IEnumerable<DataRecord>, DataReport, IEnumerable<T>> read)
    {
        using Stream stream = DataFile.Open(path);
        if (DataFile.IsText(path))
            throw new InputException($"a text file cannot hold {kind}", path, "Use JSONL, a JSON array, CSV or Parquet.");
        IEnumerable<DataRecord> records = columns.Apply(Records(path, stream)).Where(r => Keeps(r, filters, report));
        foreach (T row in read(records, report)) yield return row;
        if (report.Read == 0) throw NoRows(path);
        report.RequireKept();
    }

    /// <summary>The rows of a file as they are, whatever they hold.</summary>
    internal static IEnumerable<DataRecord> Records(string path)
    {
        using Stream stream = DataFile.Open(path);
        foreach (DataRecord record in Records(path, stream)) yield return record;
    }

    /// <summary>The rows of a file as JSON objects, whatever their layout.</summary>
    public static IEnumerable<System.Text.Json.JsonElement> ReadObjects(string path) => Records(path).Select(r => r.Value);

    /// <summary>
    /// What the first rows of a file can be read as: <c>preferences</c>, <c>sft</c> and <c>prompts</c>, the likeliest first. Some
    /// are looked at, for a null in one of them says nothing of the others.
    /// </summary>
    /// <exception cref="InputException">They hold prompts and answers in a layout that is not known.</exception>
    public static IReadOnlyList<string> Kinds(string path) => Kinds(path, ColumnNames.AsTheyAre);

    internal static IReadOnlyList<string> Kinds(string path, ColumnNames columns)
    {
        const int Looked = 50;
        if (DataFile.IsText(path)) return ["sft"];
        DataRecord[] rows = [.. columns.Apply(Records(path)).Take(Looked)];
        (string Kind, bool Fits)[] kinds =
        [
            ("preferences", rows.Any(r => PreferenceLayouts.All.Any(l => l.Fits(r)))),
            ("sft", rows.Any(r => SftLayouts.All.Any(l => l.Fits(r)))),
            ("prompts", rows.Any(r => PromptLayouts.Own.Any(l => l.Fits(r)
                && (l.Name != PromptLayouts.PromptColumn || !OtherShapes.HasAnswers(r))))),
        ];
        string[] found = [.. kinds.Where(k => k.Fits).Select(k => k.Kind)];
        if (found.Length > 0 || rows.Length == 0) return found;
        if (rows.Any(r => PreferenceLayouts.All.Any(l => l.NullIn(r) is not null))) return ["preferences"];
        if (!rows[0].Has("prompt") || !OtherShapes.HasAnswers(rows[0])) return [];
        throw rows[0].Wrong(
            $"the rows look like {OtherShapes.NameOf(rows[0])}: none of the known layouts of preferences, sft and prompts",
            "Write them as chosen and rejected, or give --kind prompts to take their prompts alone.");
    }

    private static IEnumerable<DataRecord> Records(string path, Stream stream) => DataFile.IsParquet(path) ? ParquetRecords.Read(path)
        : DataFile.IsCsv(path) ? CsvRows.Read(stream, path)
        : JsonRecords.Read(stream, path);

    private static bool Keeps(DataRecord record, IReadOnlyList<RowFilter> filters, DataReport report)
    {
        foreach (RowFilter filter in filters)
        {
            if (filter.Keeps(record)) continue;
            report.Drop($"{DropReason.Filtered}: {filter.Text}");
            return false;
        }
        return true;
    }

    private static IEnumerable<SftRow> Texts(string path, DataReport report)
    {
        report.Layout = SftLayouts.PlainText;
        foreach (TextRow row in TextRecords.Read(() => DataFile.Open(path), path))
        {
            report.Keep();
            yield return row;
        }
        if (report.Read == 0) throw NoRows(path);
    }

    private static InputException NoRows(string path) => new FileInfo(path) is { Exists: true, Length: 0 }
        ? new("the file is empty", path, "Was it copied or downloaded completely?")
        : new("the file has no rows", path);
}
