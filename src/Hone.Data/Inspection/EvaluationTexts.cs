using System.Text.Json;

namespace Hone.Data;

/// <summary>The texts of question files, whatever their layout: every string of a JSON or Parquet row, every line of a CSV or text file.</summary>
public static class EvaluationTexts
{
    private static readonly string[] s_kinds = [".json", ".jsonl", ".ndjson", ".parquet", ".csv", ".txt", ".gz", ".zst"];

    /// <summary>Texts of a file, or of all data files in a folder and those in it; named <c>file:row</c>.</summary>
    /// <exception cref="InputException">There is no such path, or a file is damaged.</exception>
    public static IEnumerable<(string Name, string Text)> Read(string path)
    {
        if (!Path.Exists(path)) throw new InputException("there is no such file or folder", path);
        IEnumerable<string> files = File.Exists(path) ? [path]
            : Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Where(f => s_kinds.Contains(Path.GetExtension(f).ToLowerInvariant())).Order(StringComparer.Ordinal);
        foreach (string file in files)
        {
            bool lines = Path.GetExtension(file).ToLowerInvariant() is ".csv" or ".txt";
            foreach ((string name, string text) in lines ? Lines(file) : Rows(file)) yield return (name, text);
        }
    }

    private static IEnumerable<(string, string)> Lines(string file)
    {
        int number = 0;
        foreach (string line in File.ReadLines(file)) yield return ($"{Path.GetFileName(file)}:{++number}", line);
    }

    private static IEnumerable<(string, string)> Rows(string file)
    {
        int number = 0;
        foreach (DataRecord record in DataReader.Records(file))
        {
            number++;
            foreach (string text in Strings(record.Value)) yield return ($"{Path.GetFileName(file)}:{number}", text);
        }
    }

    private static IEnumerable<string> Strings(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => [value.GetString()!],
        JsonValueKind.Array => value.EnumerateArray().SelectMany(Strings),
        JsonValueKind.Object => value.EnumerateObject().SelectMany(p => Strings(p.Value)),
        _ => [],
    };
}
