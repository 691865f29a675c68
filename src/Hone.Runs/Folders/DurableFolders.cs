namespace Hone.Runs;

/// <summary>Folder work made of <see cref="IDurableFiles"/> operations. Names that begin with <c>tmp-</c> are never read.</summary>
internal static class DurableFolders
{
    internal const string Temporary = "tmp-";

    /// <summary>All files below a folder as paths with '/', in a fixed order.</summary>
    internal static IEnumerable<string> FilesBelow(string folder) => Directory
        .EnumerateFiles(folder, "*", SearchOption.AllDirectories)
        .Select(f => Path.GetRelativePath(folder, f).Replace('\\', '/'))
        .Order(StringComparer.Ordinal);

    /// <summary>Writes a small file whole: beside, synced, renamed over, folder synced.</summary>
    internal static void WriteWhole(this IDurableFiles files, string path, ReadOnlySpan<byte> content)
    {
        string folder = Path.GetDirectoryName(path)!;
        string beside = Path.Combine(folder, Temporary + Path.GetFileName(path));
        using (Stream stream = files.Create(beside)) stream.Write(content);
        files.Sync(beside);
        files.Move(beside, path);
        files.SyncFolder(folder);
    }

    /// <summary>Makes a folder and every missing parent, and their names durable.</summary>
    internal static void CreateFolders(this IDurableFiles files, string path)
    {
        if (Directory.Exists(path)) return;
        string parent = Path.GetDirectoryName(path) ?? throw new IOException($"{path} has no parent folder");
        files.CreateFolders(parent);
        files.CreateFolder(path);
        files.SyncFolder(parent);
    }

    /// <summary>Removes a folder. Its name goes first, in one step, so that a kill leaves nothing that looks like it.</summary>
    internal static void DeleteTree(this IDurableFiles files, string path)
    {
        if (!Directory.Exists(path)) return;
        string name = Path.GetFileName(path);
        string going = name.StartsWith(Temporary, StringComparison.Ordinal) ? path
            : Path.Combine(Path.GetDirectoryName(path)!, Temporary + "delete-" + name);
        if (going != path)
        {
            files.DeleteTree(going);
            files.Move(path, going);
        }
        DeleteBelow(files, going);
    }

    /// <summary>Removes what an earlier process left half-written in a folder.</summary>
    internal static void DeleteTemporary(this IDurableFiles files, string folder)
    {
        foreach (string entry in Directory.EnumerateFileSystemEntries(folder, Temporary + "*").Order(StringComparer.Ordinal).ToArray())
        {
            if (Directory.Exists(entry)) files.DeleteTree(entry);
            else files.DeleteFile(entry);
        }
    }

    private static void DeleteBelow(IDurableFiles files, string folder)
    {
        foreach (string file in Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal).ToArray()) files.DeleteFile(file);
        foreach (string inner in Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal).ToArray()) DeleteBelow(files, inner);
        files.DeleteFolder(folder);
    }
}
