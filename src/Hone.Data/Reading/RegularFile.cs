using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Hone.Data;

/// <summary>
/// Opens files that somebody else made. A named pipe would wait for ever, a device would never end: both are refused, also
/// behind a link, by what was opened and not by a look at the path before.
/// </summary>
internal static partial class RegularFile
{
    private const long MostText = 64 << 20;

    /// <summary>Opens a file for one pass from start to end.</summary>
    /// <exception cref="InputException">There is no such file, it may not be read, or it is a folder, pipe, socket or device.</exception>
    public static FileStream Open(string path)
    {
        if (Directory.Exists(path)) throw new InputException("this is a folder, not a file", path);
        if (!File.Exists(path)) throw new InputException("there is no such file", path);
        try
        {
            FileStream file = OperatingSystem.IsWindows()
                ? new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, Buffer, FileOptions.SequentialScan)
                : new FileStream(OpenWithoutWaiting(path), FileAccess.Read, Buffer);
            if (IsRegular(file)) return file;
            file.Dispose();
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            throw new InputException($"the file cannot be opened: {e.Message}", path, inner: e);
        }
        throw new InputException("this is a pipe, a socket or a device, not a file", path, "Write its content into a file and give that.");
    }

    /// <summary>The text of a small file, such as settings or a prompt.</summary>
    /// <exception cref="InputException">As <see cref="Open"/>, or it is not UTF-8, or too long to be one.</exception>
    public static string ReadText(string path)
    {
        using FileStream file = Open(path);
        if (file.Length > MostText)
            throw new InputException($"the file has {file.Length:N0} bytes; {MostText >> 20} MiB is the most", path);
        using var text = new StreamReader(new CheckedUtf8Stream(file, path), Encoding.UTF8);
        return text.ReadToEnd();
    }

    private const int Buffer = 1 << 16;

    // Devices say that they are empty, and are not.
    private static bool IsRegular(FileStream file)
    {
        if (!file.CanSeek) return false;
        if (file.Length > 0) return true;
        bool empty = file.ReadByte() < 0;
        file.Position = 0;
        return empty;
    }

    private static SafeFileHandle OpenWithoutWaiting(string path)
    {
        int flags = OperatingSystem.IsLinux() ? 0x80000 | 0x800 : 0x1000000 | 0x4; // O_CLOEXEC | O_NONBLOCK
        int descriptor = OpenFile(path, flags);
        return descriptor >= 0
            ? new SafeFileHandle(descriptor, ownsHandle: true)
            : throw new IOException(Marshal.GetLastPInvokeErrorMessage());
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenFile(string path, int flags);
}
