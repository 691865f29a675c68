using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Hone.Data;

namespace Hone.Runs;

/// <summary>A file of a folder as it must be: path with '/', length in bytes, SHA-256 in lower-case hex.</summary>
internal sealed record FileDigest(string Path, long Length, string Sha256)
{
    /// <summary>Reads and hashes one file.</summary>
    public static FileDigest Of(string folder, string path)
    {
        using FileStream file = new(System.IO.Path.Combine(folder, path), FileMode.Open, FileAccess.Read, FileShare.Read,
            bufferSize: 1 << 20);
        return new(path, file.Length, Hex(SHA256.HashData(file)));
    }

    /// <summary>SHA-256 over the content of a file, or over names and contents of all files below a folder.</summary>
    public static string OfPath(string path) => OfPath(path, Of);

    /// <param name="digest">Digest of a file below a folder.</param>
    internal static string OfPath(string path, Func<string, string, FileDigest> digest) => Directory.Exists(path)
        ? Combined(DurableFolders.FilesBelow(path).Select(f => digest(path, f)))
        : digest(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!, System.IO.Path.GetFileName(path)).Sha256;

    /// <summary>One hash for many files.</summary>
    public static string Combined(IEnumerable<FileDigest> files) =>
        Hex(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(files.Select(f => $"{f.Sha256} {f.Length} {f.Path}\n")))));

    /// <summary>What is wrong with the file in <paramref name="folder"/>, or null when it is as recorded.</summary>
    internal string? Problem(string folder) => Problem(folder, Of);

    /// <param name="digest">Digest of a file below a folder: from its content, or as it is known.</param>
    internal string? Problem(string folder, Func<string, string, FileDigest> digest)
    {
        FileInfo file = new(System.IO.Path.Combine(folder, Path));
        if (!file.Exists) return $"{Path} is missing";
        if (file.Length != Length) return $"{Path} has {file.Length} bytes, expected {Length}";
        string found = digest(folder, Path).Sha256;
        return found == Sha256 ? null : $"{Path} is damaged: expected sha256 {Sha256}, found {found}";
    }

    internal JsonObject ToJson() => new() { ["path"] = Path, ["length"] = Length, ["sha256"] = Sha256 };

    /// <summary>Reads <see cref="ToJson"/>; a path must stay inside its folder.</summary>
    internal static FileDigest FromJson(JsonNode? node)
    {
        FileDigest file = new((string)node!["path"]!, (long)node["length"]!, (string)node["sha256"]!);
        if (System.IO.Path.IsPathRooted(file.Path) || file.Path.Split('/', '\\').Contains(".."))
            throw new FormatException($"the path {file.Path} leaves its folder");
        return file;
    }

    internal static string Hex(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(bytes);
}
