using Hone.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Data;

namespace Hone.Evaluation;

/// <summary>Question files: found in a folder of data, read as rows, each known by its digest.</summary>
internal static class QuestionFile
{
    /// <summary>The first of some relative names that is in one of the folders, or is itself given as a file.</summary>
    /// <param name="data">Folders and files, looked through in turn.</param>
    /// <exception cref="InputException">None is there.</exception>
    public static string Find(IReadOnlyList<string> data, string task, params string[] names) => Find(data, task, _ => true, names);

    /// <summary>
    /// As <c>Find</c>, for names that many data sets have (<c>data/test-00000-of-00001.parquet</c>): a file whose first row
    /// lacks the column is another's.
    /// </summary>
    public static string FindWith(string column, IReadOnlyList<string> data, string task, params string[] names) =>
        Find(data, task, file => DataReader.ReadObjects(file).Take(1).All(row => row.TryGetProperty(column, out _)), names);

    private static string Find(IReadOnlyList<string> data, string task, Func<string, bool> fits, string[] names)
    {
        foreach (string given in data)
        {
            if (File.Exists(given) && names.Any(n => Path.GetFileName(n) == Path.GetFileName(given)) && fits(given)) return given;
            foreach (string name in names)
            {
                string path = Path.Combine(given, name);
                if (File.Exists(path) && fits(path)) return path;
            }
        }
        throw new InputException($"{task} needs one of {string.Join(", ", names)}", string.Join(", ", data),
            "hone eval list tells what each task needs. Nothing is downloaded by itself.");
    }

    /// <summary>Rows of a JSONL, JSON, Parquet or packed file.</summary>
    public static IReadOnlyList<JsonObject> Read(string path) =>
        [.. DataReader.ReadObjects(path).Select(e => JsonNode.Parse(e.GetRawText())!.AsObject())];

    /// <summary>SHA-256 of the file, in lower-case hex.</summary>
    public static string Digest(string path)
    {
        using FileStream file = RegularFile.Open(path);
        return Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(file));
    }

    /// <summary>Digests by file name; a null is passed over.</summary>
    public static IReadOnlyDictionary<string, string> Digests(params IEnumerable<string?> files) =>
        files.OfType<string>().ToDictionary(f => Path.GetFileName(f), Digest);

    /// <summary>A row's list of texts.</summary>
    /// <exception cref="InputException">It is missing or no such list.</exception>
    public static string[] Texts(JsonObject row, string column, string path) => row[column] is JsonArray items
        && items.All(i => i?.GetValueKind() == JsonValueKind.String)
        ? [.. items.Select(i => i!.GetValue<string>())]
        : throw new InputException($"a row has no list of texts in `{column}`; it has {string.Join(", ", row.Select(p => $"`{p.Key}`"))}",
            path);

    /// <summary>A row's text column.</summary>
    /// <exception cref="InputException">It is missing or no text.</exception>
    public static string Text(JsonObject row, string column, string path) => row[column] is JsonValue value
        && value.GetValueKind() == JsonValueKind.String
        ? value.GetValue<string>()
        : throw new InputException($"a row has no text in `{column}`; it has {string.Join(", ", row.Select(p => $"`{p.Key}`"))}", path);
}
