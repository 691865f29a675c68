using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Hone.Runs;

/// <summary>A run as the board sees it at this moment.</summary>
/// <param name="Id">The folder's name: what addresses call it.</param>
/// <param name="Manifest">Null where it cannot be trusted; then <paramref name="Problem"/> says why.</param>
internal sealed record BoardRun(string Id, string Path, RunManifest? Manifest, string? Problem)
{
    /// <summary>That of the recipe.</summary>
    public string Name => Manifest?.Name ?? Id;

    /// <summary>One of running, finished, stopped, damaged.</summary>
    public string State { get; } = RunFolder.StateOf(Path, Manifest);

    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>The runs of a folder, newest first, or the one that the folder itself is.</summary>
    public static IReadOnlyList<BoardRun> In(string root)
    {
        BoardRun Of((string Path, RunManifest? Manifest, string? Problem) r) =>
            new(System.IO.Path.GetFileName(r.Path), r.Path, r.Manifest, r.Problem);
        root = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(root));
        return RunFolder.Exists(root)
            ? [Of((root, RunManifest.Read(root, out string? problem), problem))]
            : [.. RunFolder.List(root).Select(Of).OrderByDescending(r => r.Manifest?.Created ?? "", StringComparer.Ordinal)];
    }

    /// <summary>Stages that were begun, with whether they are finished; in the order in which they were.</summary>
    public IReadOnlyList<(string Name, bool Finished)> Stages() =>
        [.. StageStore.NamesIn(Path)
            .Select(name => (Name: name, File: new FileInfo(System.IO.Path.Combine(Path, name, StageManifest.FileName))))
            .OrderBy(s => s.File.LastWriteTimeUtc)
            .Select(s => (s.Name, StageManifest.Read(s.File.FullName, out _) is { Outputs: not null }))];

    /// <summary>Changes with every file of the run or of one of its stages that is written.</summary>
    public string Version()
    {
        var text = new StringBuilder(State);
        IEnumerable<string> folders = StageStore.NamesIn(Path).Select(File).Prepend(Path);
        foreach (FileInfo file in folders.SelectMany(f => new DirectoryInfo(f).EnumerateFiles()))
            text.Append(CultureInfo.InvariantCulture, $"\n{file.FullName} {file.Length} {file.LastWriteTimeUtc.Ticks}");
        return Hash(text.ToString());
    }

    public static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)), 0, 8);
}
