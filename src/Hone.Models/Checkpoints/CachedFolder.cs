using System.Security.Cryptography;
using System.Text;
using Hone.Data;

namespace Hone.Models;

/// <summary>Model folders that are made of something else and kept: the same thing has the same folder.</summary>
internal static class CachedFolder
{
    /// <summary>The folder <c>ROOT/NAME-HASH</c>, made unless it is there.</summary>
    /// <param name="identity">All that the folder is made of, as text.</param>
    /// <param name="fill">Writes its files, and links to large ones, into a folder that is there.</param>
    /// <exception cref="InputException">It cannot be written; or as <paramref name="fill"/>.</exception>
    public static string Of(string root, string name, string identity, Action<string> fill)
    {
        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(identity)))[..16];
        string folder = Path.Combine(root, $"{name}-{hash}");
        if (Directory.Exists(folder)) return folder;
        // Of this process alone: another one may be making the same folder.
        string partial = $"{folder}.{Environment.ProcessId}{Durable.PartialSuffix}";
        try
        {
            Directory.CreateDirectory(partial);
            fill(partial);
            // What a link leads to is not this folder's, and perhaps not to be written to.
            DurableFiles.Instance.SyncBelow(partial, DurableFolders.FilesBelow(partial)
                .Where(file => new FileInfo(Path.Combine(partial, file)).LinkTarget is null));
            DurableFiles.Instance.Move(partial, folder);
            DurableFiles.Instance.SyncFolder(root);
            return folder;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Another process was faster, with the same result: the folder appears under its name only when it is whole.
            if (Directory.Exists(folder)) return folder;
            throw new InputException($"The model's folder cannot be made: {e.Message}", folder, null, e);
        }
        finally
        {
            if (Directory.Exists(partial)) Directory.Delete(partial, recursive: true);
        }
    }
}
