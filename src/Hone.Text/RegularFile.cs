using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;
using Microsoft.Win32.SafeHandles;

namespace Hone.Text;

/// <summary>
/// Opens files that somebody else made, for the whole product. A named pipe would wait for ever, a device would never end: both
/// are refused, also behind a link, by what was opened and not by a look at the path before.
/// </summary>
internal static partial class RegularFile
{
    private const int Buffer = 1 << 16;

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
            if (IsRegular(file))
            {
                RefusePointer(file, path);
                return file;
            }
            file.Dispose();
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            throw new InputException($"the file cannot be opened: {e.Message}", path, inner: e);
        }
        throw new InputException("this is a pipe, a socket or a device, not a file", path, "Write its content into a file and give that.");
    }

    /// <summary>The whole of a file that cannot be empty, without a byte order mark.</summary>
    /// <exception cref="InputException">As <see cref="Open"/>, or it is empty, too large, or cannot be read.</exception>
    public static byte[] ReadBytes(string path, long maxBytes)
    {
        try
        {
            using FileStream stream = Open(path);
            if (stream.Length == 0) throw new InputException("the file is empty", path);
            if (stream.Length > maxBytes) throw new InputException($"the file has more than {maxBytes} bytes, the most that is read", path);
            byte[] bytes = new byte[stream.Length];
            int read = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (stream.ReadByte() >= 0) throw new InputException("the file grows while it is read", path);
            return bytes.AsSpan(0, read).StartsWith("\uFEFF"u8) ? bytes[3..read] : read < bytes.Length ? bytes[..read] : bytes;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"the file cannot be read: {error.Message}", path, inner: error);
        }
    }

    /// <summary>A text in UTF-8.</summary>
    /// <exception cref="InputException">As <see cref="ReadBytes"/>, or the bytes are no such text.</exception>
    public static string ReadText(string path, long maxBytes)
    {
        byte[] bytes = ReadBytes(path, maxBytes);
        RequireUtf8(bytes, path);
        return Encoding.UTF8.GetString(bytes);
    }

    /// <exception cref="InputException">The bytes are not UTF-8.</exception>
    public static void RequireUtf8(ReadOnlySpan<byte> bytes, string path)
    {
        if (Utf8.IsValid(bytes)) return;
        throw IsUtf16(bytes) ? Utf16(path) : new InputException("the file is not valid UTF-8", path);
    }

    /// <summary>Whether a text begins with the mark of UTF-16.</summary>
    public static bool IsUtf16(ReadOnlySpan<byte> start) => start is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..];

    /// <summary>That a text is UTF-16 and must not be.</summary>
    public static InputException Utf16(string path) => new("the file is UTF-16, UTF-8 is expected", path,
        "Save it as UTF-8, for example with: iconv -f UTF-16 -t UTF-8 OLD > NEW");

    /// <summary>A clone without Git LFS has a few lines in place of each large file, of whatever kind that is.</summary>
    private static void RefusePointer(FileStream file, string path)
    {
        const int LongestPointer = 1024;
        ReadOnlySpan<byte> mark = "version https://git-lfs"u8;
        if (file.Length > LongestPointer || file.Length < mark.Length) return;
        Span<byte> start = stackalloc byte[mark.Length];
        file.ReadExactly(start);
        file.Position = 0;
        if (!start.SequenceEqual(mark)) return;
        file.Dispose();
        throw new InputException(
            "this is a pointer of Git LFS, not the file itself", path, "run `git lfs pull` in the repository that it is from");
    }

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
