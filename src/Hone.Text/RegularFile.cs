using System.Text;
using System.Text.Unicode;

namespace Hone.Text;

/// <summary>
/// Files that came from a stranger, read whole. What is not a regular file is never opened: a FIFO would wait for ever, a device might
/// never end. Size is checked before and while reading.
/// </summary>
internal static class RegularFile
{
    /// <exception cref="InputException">The file is missing, no regular file, empty, too large, or cannot be read.</exception>
    public static byte[] ReadBytes(string path, long maxBytes)
    {
        try
        {
            FileInfo file = new(path);
            if (file.LinkTarget is not null) file = (FileInfo)(file.ResolveLinkTarget(returnFinalTarget: true) ?? file);
            if (Directory.Exists(path)) throw new InputException("this is a folder, a file is expected", path);
            if (!file.Exists)
            {
                throw new InputException("the file does not exist", path, "give a folder that holds a Hugging Face tokenizer");
            }
            // FIFOs, devices and sockets have no size.
            if (file.Length == 0) throw new InputException("the file is empty, or no regular file", path);
            if (file.Length > maxBytes) throw TooLarge(path, maxBytes);
            using FileStream stream = new(file.FullName, FileMode.Open, FileAccess.Read, FileShare.Read);
            byte[] bytes = new byte[file.Length];
            int read = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (stream.ReadByte() >= 0) throw new InputException("the file grows while it is read, or is no regular file", path);
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
        if (bytes.StartsWith("version https://git-lfs"u8))
        {
            throw new InputException(
                "this is a pointer of Git LFS, not the file itself", path, "run `git lfs pull` in the model's repository");
        }
        if (Utf8.IsValid(bytes)) return;
        bool wide = bytes is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..];
        throw new InputException(wide ? "the file is UTF-16, UTF-8 is expected" : "the file is not valid UTF-8", path);
    }

    private static InputException TooLarge(string path, long maxBytes) =>
        new($"the file has more than {maxBytes} bytes, the most that is read", path);
}
