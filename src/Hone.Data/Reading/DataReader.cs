namespace Hone.Data;

/// <summary>
/// Reads rows from JSONL, JSON arrays and plain text, each also as <c>.gz</c>, one row at a time. The layout is detected
/// from the first row and stated in the report; rows that cannot be used are dropped and counted there.
/// </summary>
/// <remarks>
/// All methods throw <see cref="InputException"/> with file and line for: no such file, an unknown kind of file, bytes
/// that are not UTF-8 (with their offset), a damaged .gz, broken JSON, an unknown layout, a missing column, layouts mixed
/// in one file, a value of the wrong kind, no row at all or none that can be used. They read while they are enumerated.
/// </remarks>
public static class DataReader
{
    /// <summary>
    /// Conversations (<c>messages</c>, ShareGPT <c>conversations</c>, Alpaca <c>instruction</c>/<c>input</c>/<c>output</c>)
    /// or texts (<c>text</c>, or a .txt file whose texts are separated by <c>&lt;|endoftext|&gt;</c> or blank lines).
    /// Dropped: an assistant turn without text, a conversation without the assistant.
    /// </summary>
    public static IEnumerable<SftRow> ReadSft(string path, DataReport report) =>
        DataFile.IsText(path) ? Texts(path, report) : Json(path, "conversations", SftLayouts.All, report);

    /// <summary>
    /// Preferences: <c>chosen</c> and <c>rejected</c> as message lists, as answers beside <c>prompt</c>, as hh-rlhf
    /// transcripts, as LLaMA-Factory's ShareGPT pairs, or Stack Exchange's <c>question</c>, <c>response_j</c>, <c>response_k</c>.
    /// Dropped: an empty answer or prompt, answers that are equal, answers to different prompts.
    /// </summary>
    public static IEnumerable<Preference> ReadPreferences(string path, DataReport report) =>
        Json(path, "preferences", PreferenceLayouts.All, report);

    /// <summary>
    /// Prompts: <c>context_messages</c>, <c>messages</c> or <c>prompt</c> (text or messages). The assistant's turns at
    /// the end are left out and counted. Dropped: an empty prompt.
    /// </summary>
    public static IEnumerable<PromptRow> ReadPrompts(string path, DataReport report) =>
        Json(path, "prompts", PromptLayouts.All, report);

    private static IEnumerable<T> Json<T>(string path, string kind, IReadOnlyList<Layout<T>> layouts, DataReport report)
        where T : class
    {
        using Stream stream = DataFile.Open(path);
        if (DataFile.IsText(path))
            throw new InputException($"a text file cannot hold {kind}", path, "Use JSONL or a JSON array.");
        foreach (T row in LayoutReader.Read(JsonRecords.Read(stream, path), kind, layouts, report)) yield return row;
        if (report.Read == 0) throw NoRows(path);
        report.RequireKept();
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

    private static InputException NoRows(string path) => new("the file has no rows", path);
}
