namespace Hone.Server;

/// <summary>A folder that a request names below one that the server was started with.</summary>
internal static class RequestedFolder
{
    /// <summary>No way leads out of the root: neither `..`, nor another root, nor a link.</summary>
    /// <param name="root">A full path without a separator at its end.</param>
    /// <param name="path">Below the root: its own name there, or the whole path.</param>
    /// <returns>Its full path; null where there is no such folder.</returns>
    public static string? Below(string root, string path)
    {
        if (path.Contains('\0', StringComparison.Ordinal)) return null;
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(Path.Combine(root, path)));
        if (!full.StartsWith(root + Path.DirectorySeparatorChar, StringComparison.Ordinal)) return null;
        for (string? at = full; at is not null && at.Length > root.Length; at = Path.GetDirectoryName(at))
            if (!Directory.Exists(at) || new DirectoryInfo(at).LinkTarget is not null) return null;
        return full;
    }
}
