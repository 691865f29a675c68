namespace Hone.Data;

/// <summary>
/// A file that one process holds at a time: the operating system drops the lock when the process ends, however it ends.
/// </summary>
internal static class HeldFile
{
    /// <summary>Holds a file until it is disposed; null where another process holds it.</summary>
    /// <exception cref="IOException">The file cannot be opened or made for another reason, such as a full disk.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be opened.</exception>
    public static FileStream? TryTake(string path, FileOptions options = FileOptions.None)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, options);
        }
        catch (IOException e) when (IsHeld(e))
        {
            return null;
        }
    }

    /// <summary>
    /// Whether a process holds a file at this moment. Nothing is written, and reading is enough; for an instant the file is held
    /// by this look itself.
    /// </summary>
    public static bool IsHeld(string path)
    {
        try
        {
            using FileStream held = new(path, FileMode.Open, FileAccess.Read, FileShare.None, 1);
            return false;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException)
        {
            return false;
        }
        catch (IOException e) when (IsHeld(e))
        {
            return true;
        }
    }

    // EAGAIN of Linux and macOS, ERROR_SHARING_VIOLATION of Windows.
    private static bool IsHeld(IOException e) => (e.HResult & 0xFFFF) is 11 or 35 or 32;
}
