using System.Runtime.InteropServices;

namespace Hone.Models;

/// <summary>
/// Files that are either whole and on disk, or not there: written under another name, flushed to the device, renamed, and
/// the folder flushed too, because on Unix the name is the folder's data (.NET has no call for that: dotnet/runtime 28169).
/// </summary>
public static partial class Durable
{
    /// <summary>Ending of files that are still being written; such a file is litter of a killed process.</summary>
    public const string PartialSuffix = ".partial";

    /// <summary>Writes a file so that <paramref name="path"/> holds the old or the new content at every moment, and the new one on return.</summary>
    /// <exception cref="InputException">The disk is full, or the file cannot be written. The old content is intact, nothing is left behind.</exception>
    public static void WriteFile(string path, Action<Stream> write)
    {
        string partial = WritePartial(path, write);
        Commit(partial, path);
        FlushFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    /// <summary>Flushes a folder's entries (names of new, renamed and deleted files) to the device. Nothing to do on Windows.</summary>
    public static void FlushFolder(string path)
    {
        if (OperatingSystem.IsWindows()) return;
        int descriptor = OpenDescriptor(path, 0);
        if (descriptor < 0) throw Failed(path, new IOException(Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())));
        try
        {
            const int NotSupportedByFileSystem = 22; // EINVAL
            if (FlushDescriptor(descriptor) != 0 && Marshal.GetLastPInvokeError() is var error and not NotSupportedByFileSystem)
                throw Failed(path, new IOException(Marshal.GetPInvokeErrorMessage(error)));
        }
        finally
        {
            _ = CloseDescriptor(descriptor);
        }
    }

    /// <summary>Writes and flushes the file under its partial name, which is returned; removes it when that fails.</summary>
    internal static string WritePartial(string path, Action<Stream> write)
    {
        string partial = path + PartialSuffix;
        try
        {
            using FileStream stream = new(partial, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16);
            write(stream);
            stream.Flush(flushToDisk: true);
            return partial;
        }
        catch (Exception e)
        {
            Discard(partial);
            if (e is IOException or UnauthorizedAccessException) throw Failed(path, e);
            throw;
        }
    }

    internal static void Commit(string partial, string path)
    {
        try
        {
            File.Move(partial, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Discard(partial);
            throw Failed(path, e);
        }
    }

    internal static InputException Failed(string path, Exception e) =>
        new($"The file cannot be written: {e.Message}", path, "Free space or choose another place, and run the command again. Earlier files are intact.", e);

    // Only tidies up: the error that led here is the one to report.
    internal static void Discard(string partial)
    {
        try
        {
            File.Delete(partial);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            System.Diagnostics.Trace.TraceWarning($"{partial} is left behind: {e.Message}");
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenDescriptor(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FlushDescriptor(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int CloseDescriptor(int descriptor);
}
