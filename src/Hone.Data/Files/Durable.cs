using System.Text;

namespace Hone.Data;

/// <summary>
/// The one way in which the product writes a file that is read again: whole and on the disk, or not there. It is written
/// under another name, synced, renamed, and the folder is synced too, because on Unix the name is the folder's data.
/// Errors are for people; after one the old content is intact and nothing is left behind.
/// </summary>
internal static class Durable
{
    /// <summary>Ending of files and folders that are still being written; such a one is litter of a killed process.</summary>
    internal const string PartialSuffix = ".partial";

    /// <summary>The file holds the old or the new content at every moment, and the new one on return.</summary>
    /// <exception cref="InputException">The disk is full, or the file cannot be written.</exception>
    internal static void WriteFile(string path, Action<Stream> write) => DurableFiles.Instance.WriteFile(path, write);

    /// <summary>As <see cref="WriteFile(string, Action{Stream})"/>, of a text as UTF-8 without a byte order mark.</summary>
    internal static void WriteText(string path, string text) => WriteFile(path, stream => stream.Write(Encoding.UTF8.GetBytes(text)));

    /// <summary>As <see cref="WriteFile(string, Action{Stream})"/>, through operations that a test can fail and trace.</summary>
    internal static void WriteFile(this IDurableFiles files, string path, Action<Stream> write)
    {
        string partial = path + PartialSuffix;
        Try(path, () =>
        {
            using (Stream stream = files.Create(partial)) write(stream);
            Publish(files, partial, path);
        }, () => Discard(files, partial));
    }

    /// <summary>Gives a finished file, which may have grown over several processes, its name. After an error it is still there.</summary>
    /// <exception cref="InputException">The disk refuses it.</exception>
    internal static void Publish(string partial, string path) =>
        Try(path, () => Publish(DurableFiles.Instance, partial, path), () => { });

    /// <summary>For files that appear together: writes and syncs one under its partial name, which is returned.</summary>
    /// <exception cref="InputException">The disk is full, or the file cannot be written.</exception>
    internal static string WritePartial(string path, Action<Stream> write)
    {
        string partial = path + PartialSuffix;
        Try(path, () =>
        {
            using (Stream stream = DurableFiles.Instance.Create(partial)) write(stream);
            DurableFiles.Instance.Sync(partial);
        }, () => Discard(partial));
        return partial;
    }

    /// <summary>Renames what <see cref="WritePartial"/> wrote; the name is durable after <see cref="SyncFolder"/>.</summary>
    /// <exception cref="InputException">The file cannot be renamed.</exception>
    internal static void Commit(string partial, string path) =>
        Try(path, () => DurableFiles.Instance.Move(partial, path), () => Discard(partial));

    /// <summary>Makes a folder's entries durable: names of new, renamed and deleted files.</summary>
    /// <exception cref="InputException">The folder is not there, or the disk refuses it.</exception>
    internal static void SyncFolder(string path) => Try(path, () => DurableFiles.Instance.SyncFolder(path), () => { });

    internal static void Discard(string path) => Discard(DurableFiles.Instance, path);

    internal static InputException Failed(string path, Exception e) =>
        new($"The file cannot be written: {e.Message}", path,
            $"{FileAdvice.For(e)} Earlier files are intact.", e);

    /// <summary>Acts; after an error tidies up and says to people what the file system said.</summary>
    internal static void Try(string path, Action act, Action tidy)
    {
        try
        {
            act();
        }
        catch (Exception e)
        {
            tidy();
            if (e is IOException or UnauthorizedAccessException) throw Failed(path, e);
            throw;
        }
    }

    private static void Publish(IDurableFiles files, string partial, string path)
    {
        files.Sync(partial);
        files.Move(partial, path);
        files.SyncFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    // Only tidies up: the error that led here is the one to report.
    private static void Discard(IDurableFiles files, string path)
    {
        try
        {
            files.DeleteFile(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            System.Diagnostics.Trace.TraceWarning($"{path} is left behind: {e.Message}");
        }
    }
}
