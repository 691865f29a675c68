using System.Text.Json;

namespace Hone.Data;

/// <summary>
/// Reads evaluation sets for comparison, whatever their columns are called: each row of JSONL, a JSON array, Parquet or CSV,
/// and each text of a .txt file, is an item; every text in it is a field.
/// </summary>
internal static class EvaluationFiles
{
    private static readonly string[] s_endings = [".jsonl", ".ndjson", ".json", ".parquet", ".txt", ".csv"];
    private static readonly string[] s_notEvaluated = ["train", "dev", "expected"];

    /// <summary>
    /// The items of a file, or of all files in a folder and below it. Left out of a folder and named in
    /// <paramref name="skipped"/>, with the reason: training and few-shot parts and results (a path with the word train, dev
    /// or expected), and files that hold no rows. Files of other kinds (licences, settings) are passed over.
    /// </summary>
    /// <exception cref="InputException">
    /// There is no such file or folder, the file is damaged, or nothing in the folder can be read.
    /// </exception>
    public static IEnumerable<EvaluationItem> Read(string path, ICollection<string> skipped)
    {
        if (!Directory.Exists(path)) return ReadFile(path);
        List<EvaluationItem> items = [];
        var inside = new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 6 };
        foreach (string file in Directory.EnumerateFiles(path, "*", inside).Where(IsRead).Order(StringComparer.Ordinal))
        {
            string name = Path.GetRelativePath(path, file);
            if (NotEvaluated(name) is { } word)
            {
                skipped.Add($"{name}: `{word}` in its name");
                continue;
            }
            try
            {
                items.AddRange(ReadFile(file).ToList());
            }
            catch (InputException e)
            {
                skipped.Add($"{name}: {e.Message.ReplaceLineEndings(" ")}");
            }
        }
        return items.Count > 0 ? items : throw new InputException("nothing in the folder can be read as an evaluation set", path,
            $"It must hold files that end in {string.Join(", ", s_endings)}.");
    }

    private static IEnumerable<EvaluationItem> ReadFile(string path)
    {
        if (path.EndsWith(".csv", StringComparison.OrdinalIgnoreCase)) return Csv(path);
        if (DataFile.IsText(path)) return TextRecords.Read(() => DataFile.Open(path), path)
            .Select((row, i) => new EvaluationItem(path, $"{path} #{i + 1}", [row.Text]));
        return Json(path);
    }

    private static IEnumerable<EvaluationItem> Json(string path)
    {
        foreach (DataRecord record in DataReader.Records(path))
        {
            List<string> fields = [];
            Collect(record, record.Value, fields);
            yield return new EvaluationItem(path, record.Where, fields);
        }
    }

    private static void Collect(DataRecord record, JsonElement value, List<string> fields)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                fields.Add(record.Text(value, "a text"));
                break;
            case JsonValueKind.Array:
                foreach (JsonElement item in value.EnumerateArray()) Collect(record, item, fields);
                break;
            case JsonValueKind.Object:
                foreach (JsonProperty property in value.EnumerateObject())
                {
                    // Answers may stand as names, as in TruthfulQA: {"An answer.": 1}.
                    if (property.Value.ValueKind == JsonValueKind.Number && property.Name.Contains(' ')) fields.Add(property.Name);
                    Collect(record, property.Value, fields);
                }
                break;
        }
    }

    private static IEnumerable<EvaluationItem> Csv(string path) =>
        CsvRecords.Read(path).Skip(1).Select(row => new EvaluationItem(path, $"{path}:{row.Line}", row.Cells)); // the first is the header

    private static bool IsRead(string path)
    {
        string ending = Path.GetExtension(path).ToLowerInvariant();
        if (ending is ".gz" or ".zst") ending = Path.GetExtension(path[..^ending.Length]).ToLowerInvariant();
        return s_endings.Contains(ending);
    }

    private static string? NotEvaluated(string name) => s_notEvaluated.FirstOrDefault(Words.Of(name).Contains);
}
