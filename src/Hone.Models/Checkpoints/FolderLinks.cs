namespace Hone.Models;

/// <summary>
/// Judges symbolic links in model folders. Git can carry links, so a downloaded folder may hold one to any file of this
/// machine, and copying it on would publish that file.
/// </summary>
internal static class FolderLinks
{
    /// <summary>
    /// Refuses a file that is a link out of its folder. Links into the folder are fine, and so are those of Hugging Face's
    /// cache, where <c>snapshots/REVISION/NAME</c> points into the <c>blobs</c> beside <c>snapshots</c>.
    /// </summary>
    /// <exception cref="InputException">The link leads elsewhere, or nowhere.</exception>
    public static void RefuseOutside(string path)
    {
        if (new FileInfo(path).LinkTarget is null) return;
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        string? target = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName;
        if (target is not null && (IsIn(target, folder) || IsIn(target, Path.GetFullPath(Path.Combine(folder, "..", "..", "blobs")))))
            return;
        throw new InputException("The file is a link to a place outside the model folder.", path,
            "Put the file itself in its place if it belongs to the model.");
    }

    private static bool IsIn(string path, string folder) =>
        Path.GetFullPath(path).StartsWith(
            Path.TrimEndingDirectorySeparator(folder) + Path.DirectorySeparatorChar, StringComparison.Ordinal);
}
