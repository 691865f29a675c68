using System.Globalization;
using System.Text.Json;
using Hone.Data;

namespace Hone.Runs;

/// <summary>
/// SHA-256 of files as they were when last read. A file with the same length and time of change is not read again, so
/// taking up a run does not read all that it made. That is a guess: who reads a file's content proves it by <see cref="Read"/>.
/// </summary>
/// <param name="root">Paths are kept relative to this folder, so that it can be moved.</param>
/// <param name="file">Where they are kept between processes; null keeps them in memory. It can be removed at any time.</param>
internal sealed class KnownDigests(string root, string? file = null)
{
    private readonly Dictionary<string, string> _known = Load(file);

    /// <summary>The digest of one file, from memory where its length and time of change are the same.</summary>
    public FileDigest Of(string folder, string path)
    {
        var info = new FileInfo(Path.Combine(folder, path));
        string stamp = Stamp(info);
        return _known.GetValueOrDefault(Key(info.FullName)) is { } known && known.StartsWith(stamp, StringComparison.Ordinal)
            ? new FileDigest(path, info.Length, known[stamp.Length..])
            : Read(folder, path);
    }

    /// <summary>The digest of one file from its content.</summary>
    public FileDigest Read(string folder, string path)
    {
        var info = new FileInfo(Path.Combine(folder, path));
        string stamp = Stamp(info);
        FileDigest digest = FileDigest.Of(folder, path);
        _known[Key(info.FullName)] = stamp + digest.Sha256;
        return digest;
    }

    /// <summary>As <see cref="FileDigest.OfPath(string)"/>, from memory where it can.</summary>
    public string OfPath(string path) => FileDigest.OfPath(path, Of);

    /// <summary>Whether a file below a folder was ever read.</summary>
    public bool KnowsOf(string folder) => Below(folder).Any();

    /// <summary>Forgets the files below a folder, which is removed.</summary>
    public void Forget(string folder)
    {
        foreach (string file in Below(folder).ToArray()) _known.Remove(file);
    }

    /// <summary>Keeps what is known for the next process. What cannot be kept is read again.</summary>
    public void Save()
    {
        if (file is null) return;
        try
        {
            Durable.WriteFile(file, stream =>
                JsonSerializer.Serialize(stream, new SortedDictionary<string, string>(_known, StringComparer.Ordinal)));
        }
        catch (InputException e)
        {
            System.Diagnostics.Trace.TraceWarning($"{file} is not kept: {e.Message}");
        }
    }

    private IEnumerable<string> Below(string folder) =>
        _known.Keys.Where(k => k.StartsWith(Key(folder) + "/", StringComparison.Ordinal));

    private string Key(string path) => Path.GetRelativePath(root, path).Replace('\\', '/');

    private static string Stamp(FileInfo info) =>
        string.Create(CultureInfo.InvariantCulture, $"{info.Length} {info.LastWriteTimeUtc.Ticks} ");

    private static Dictionary<string, string> Load(string? file)
    {
        try
        {
            return file is null || !File.Exists(file)
                ? []
                : JsonSerializer.Deserialize<Dictionary<string, string>>(File.ReadAllBytes(file)) ?? [];
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            return []; // cut off by a kill: everything is read again
        }
    }
}
