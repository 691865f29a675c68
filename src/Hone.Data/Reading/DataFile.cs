using System.IO.Compression;

namespace Hone.Data;

/// <summary>Files of rows: which there are, and their bytes, unpacked and checked to be UTF-8.</summary>
public static class DataFile
{
    private static readonly string[] s_extensions = [".jsonl", ".ndjson", ".json", ".txt"];

    // By default .NET takes a .gz that ends in the middle for a complete one. It asks once per process, so this comes
    // before the first GZipStream here; a host that has set the switch itself is left alone.
    static DataFile()
    {
        const string StrictValidation = "System.IO.Compression.UseStrictValidation";
        if (!AppContext.TryGetSwitch(StrictValidation, out _)) AppContext.SetSwitch(StrictValidation, true);
    }

    /// <summary>
    /// The files that paths of files and folders stand for: a folder gives the data files directly in it, in ordinal
    /// order of their names.
    /// </summary>
    /// <exception cref="InputException">A path does not exist, or a folder holds no data file.</exception>
    public static IReadOnlyList<string> Expand(IReadOnlyList<string> paths)
    {
        List<string> files = [];
        foreach (string path in paths)
        {
            if (!Directory.Exists(path))
            {
                if (!File.Exists(path)) throw Missing(path);
                files.Add(path);
                continue;
            }
            string[] found = [.. Directory.EnumerateFiles(path).Where(IsData).Order(StringComparer.Ordinal)];
            if (found.Length == 0)
                throw new InputException("the folder holds no data file", path, $"Data files end in {Known} (or the same with .gz).");
            files.AddRange(found);
        }
        return files;
    }

    internal static bool IsText(string path) => Extension(path) == ".txt";

    /// <summary>Opens a data file for one pass from start to end.</summary>
    internal static Stream Open(string path)
    {
        if (Directory.Exists(path)) throw new InputException("this is a folder, not a file of rows", path);
        if (!File.Exists(path)) throw Missing(path);
        if (!IsData(path))
            throw new InputException($"`{Extension(path)}` is not a known kind of data file", path, $"Convert it to one of {Known}.");
        FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 16, FileOptions.SequentialScan);
        return IsCompressed(path)
            ? new CheckedUtf8Stream(new GZipStream(file, CompressionMode.Decompress), path)
            : new CheckedUtf8Stream(file, path);
    }

    private static string Known => string.Join(", ", s_extensions);

    private static bool IsData(string path) => s_extensions.Contains(Extension(path));

    private static bool IsCompressed(string path) => path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase);

    private static string Extension(string path) =>
        Path.GetExtension(IsCompressed(path) ? path[..^3] : path).ToLowerInvariant();

    private static InputException Missing(string path) => new("there is no such file", path);
}
