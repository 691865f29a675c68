using System.Runtime.InteropServices;

namespace Hone.Data;

/// <summary>The real file system.</summary>
internal sealed partial class DurableFiles : IDurableFiles
{
    public static DurableFiles Instance { get; } = new();

    public void CreateFolder(string path) => Directory.CreateDirectory(path);

    public Stream Create(string path) => new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1 << 16);

    public void Sync(string path)
    {
        // Windows syncs only what is open for writing; elsewhere a copied file that is read-only is synced too.
        FileAccess access = OperatingSystem.IsWindows() ? FileAccess.ReadWrite : FileAccess.Read;
        using Microsoft.Win32.SafeHandles.SafeFileHandle file = File.OpenHandle(path, FileMode.Open, access, FileShare.ReadWrite);
        RandomAccess.FlushToDisk(file);
    }

    /// <summary>.NET cannot open a folder, so this calls the C library; Windows keeps folder entries durable itself.</summary>
    public void SyncFolder(string path)
    {
        if (OperatingSystem.IsWindows()) return;
        int folder = OpenFile(path, flags: 0);
        if (folder < 0) throw Failed("open", path);
        try
        {
            // EINVAL: the file system (some network and overlay ones) has no fsync for folders.
            if (SyncFile(folder) != 0 && Marshal.GetLastPInvokeError() != 22) throw Failed("fsync", path);
        }
        finally
        {
            _ = CloseFile(folder);
        }
    }

    public void Move(string from, string to)
    {
        if (Directory.Exists(from)) Directory.Move(from, to);
        else File.Move(from, to, overwrite: true);
    }

    public void DeleteFile(string path) => File.Delete(path);

    public void DeleteFolder(string path) => Directory.Delete(path);

    private static IOException Failed(string call, string path) =>
        new($"{call} of the folder {path} failed: {Marshal.GetLastPInvokeErrorMessage()}");

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenFile(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int SyncFile(int file);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int CloseFile(int file);
}
