using Hone.Data;
using Hone.Models.Gguf;

namespace Hone.Inference;

/// <summary>A model by what people call it: a folder, a GGUF file, or an id on a hub.</summary>
public static class ModelPath
{
    /// <summary>
    /// The model's folder. A GGUF file's is made in the cache (<c>$XDG_CACHE_HOME/hone/gguf</c>), with a link to the file.
    /// </summary>
    /// <exception cref="InputException">The id cannot be pulled, or the file is broken or not supported.</exception>
    public static string Folder(string given, Action<string> say)
    {
        string path = HubPath.Model(given, say);
        return GgufFolder.IsFile(path) ? GgufFolder.Open(path, Path.Combine(Cache, "hone", "gguf")) : path;
    }

    /// <summary>The folder of what is on this machine.</summary>
    public static string Folder(string path) => GgufFolder.IsFile(path) ? Folder(path, _ => { }) : path;

    private static string Cache => Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache
        ? cache
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
}
