using Hone.Text;
using Microsoft.Extensions.FileSystemGlobbing;

namespace Hone.Data;

/// <summary>Files of rows: which there are, and their bytes, unpacked and checked to be UTF-8.</summary>
internal static class DataFile
{
    private static readonly string[] s_extensions = [".jsonl", ".ndjson", ".json", ".csv", ".txt", ".parquet"];

    /// <summary>
    /// The files that paths of files and folders stand for: a folder gives the data files directly in it, in ordinal
    /// order of their names; a pattern with <c>*</c> or <c>**</c> gives the data files that match it, in
    /// ordinal order of their paths.
    /// </summary>
    /// <exception cref="InputException">A path does not exist, or a folder or pattern gives no data file.</exception>
    public static IReadOnlyList<string> Expand(IReadOnlyList<string> paths)
    {
        List<string> files = [];
        foreach (string path in paths)
        {
            if (File.Exists(path))
            {
                files.Add(path);
                continue;
            }
            if (path.Contains('*', StringComparison.Ordinal))
            {
                files.AddRange(Matching(path));
                continue;
            }
            if (!Directory.Exists(path)) throw Missing(path);
            string[] found = [.. Directory.EnumerateFiles(path).Where(IsData).Order(StringComparer.Ordinal)];
            if (found.Length == 0)
                throw new InputException("the folder holds no data file", path,
                    $"Data files end in {Known} (or the same with .gz or .zst).");
            files.AddRange(found);
        }
        return files;
    }

    internal static bool IsText(string path) => Extension(path) == ".txt";

    internal static bool IsCsv(string path) => Extension(path) == ".csv";

    internal static bool IsParquet(string path) => Extension(path) == ".parquet";

    /// <summary>Opens a data file for one pass from start to end.</summary>
    internal static Stream Open(string path)
    {
        if (File.Exists(path) && !IsData(path))
            throw new InputException($"`{Extension(path)}` is not a known kind of data file", path, $"Convert it to one of {Known}.");
        FileStream file = RegularFile.Open(path);
        return new CheckedUtf8Stream(UnpackedStream.Packing(path) is { } packing ? new UnpackedStream(file, packing, path) : file, path);
    }

    private static string[] Matching(string pattern)
    {
        string full = Path.GetFullPath(pattern);
        int wild = full.IndexOf('*', StringComparison.Ordinal), root = full.LastIndexOf(Path.DirectorySeparatorChar, wild) + 1;
        var matcher = new Matcher(StringComparison.Ordinal);
        matcher.AddInclude(full[root..].Replace('\\', '/'));
        string[] found = Directory.Exists(full[..root])
            ? [.. matcher.GetResultsInFullPath(full[..root]).Where(IsData).Order(StringComparer.Ordinal)] : [];
        return found.Length > 0 ? found : throw new InputException("no data file matches this pattern", pattern,
            $"Data files end in {Known} (or the same with .gz or .zst).");
    }

    private static string Known => string.Join(", ", s_extensions);

    private static bool IsData(string path) => s_extensions.Contains(Extension(path));

    // Parquet is packed within; there is no .parquet.gz.
    private static string Extension(string path)
    {
        string packing = UnpackedStream.Packing(path) ?? "";
        string inner = Path.GetExtension(path[..^packing.Length]).ToLowerInvariant();
        return inner == ".parquet" ? inner + packing : inner;
    }

    private static InputException Missing(string path) => new("there is no such file", path);
}
