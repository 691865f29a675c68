namespace Hone.Data;

/// <summary>
/// Folder work made of <see cref="IDurableFiles"/> operations. Names that end in <see cref="Durable.PartialSuffix"/> are
/// never read.
/// </summary>
internal static class DurableFolders
{
    internal static bool IsPartial(string path) => path.EndsWith(Durable.PartialSuffix, StringComparison.Ordinal);

    /// <summary>All files below a folder as paths with '/', in a fixed order.</summary>
    internal static IEnumerable<string> FilesBelow(string folder) => Directory
        .EnumerateFiles(folder, "*", SearchOption.AllDirectories)
        .Select(f => Path.GetRelativePath(folder, f).Replace('\\', '/'))
        .Order(StringComparer.Ordinal);

    /// <summary>
    /// Writes a folder that is not there yet: <paramref name="write"/> gets the path of a folder beside, which is synced with
    /// all that is in it and renamed.
    /// </summary>
    /// <exception cref="InputException">The disk is full, or the folder cannot be written; nothing is left behind.</exception>
    internal static void WriteFolder(this IDurableFiles files, string path, Action<string> write)
    {
        path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        string parent = Path.GetDirectoryName(path)!, partial = path + Durable.PartialSuffix;
        Durable.Try(path, () =>
        {
            files.CreateFolders(parent);
            files.DeleteTree(partial); // of a process that was killed
            files.CreateFolder(partial);
            write(partial);
            files.SyncBelow(partial, FilesBelow(partial));
            files.Move(partial, path);
            files.SyncFolder(parent);
        }, () => files.DeleteTree(partial));
    }

    /// <summary>Makes files of a folder durable, and the names of all that is in it.</summary>
    /// <param name="paths">Relative to the folder.</param>
    internal static void SyncBelow(this IDurableFiles files, string folder, IEnumerable<string> paths)
    {
        foreach (string path in paths) files.Sync(Path.Combine(folder, path));
        foreach (string inner in Directory.EnumerateDirectories(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
            files.SyncFolder(inner);
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
        string going = IsPartial(path) ? path : path + ".deleted" + Durable.PartialSuffix;
        if (going != path)
        {
            files.DeleteTree(going);
            files.Move(path, going);
        }
        DeleteBelow(files, going);
    }

    /// <summary>Removes what an earlier process left half-written in a folder.</summary>
    internal static void DeletePartial(this IDurableFiles files, string folder)
    {
        foreach (string entry in Directory.EnumerateFileSystemEntries(folder).Where(IsPartial).Order(StringComparer.Ordinal).ToArray())
        {
            if (Directory.Exists(entry)) files.DeleteTree(entry);
            else files.DeleteFile(entry);
        }
    }

    private static void DeleteBelow(IDurableFiles files, string folder)
    {
        foreach (string file in Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal).ToArray()) files.DeleteFile(file);
        foreach (string inner in Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal).ToArray())
        {
            if (new DirectoryInfo(inner).LinkTarget is null) DeleteBelow(files, inner);
            else DeleteLink(files, inner); // what it leads to is not of this folder
        }
        files.DeleteFolder(folder);
    }

    private static void DeleteLink(IDurableFiles files, string path)
    {
        if (OperatingSystem.IsWindows()) files.DeleteFolder(path);
        else files.DeleteFile(path);
    }
}
