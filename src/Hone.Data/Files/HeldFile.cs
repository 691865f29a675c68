namespace Hone.Data;

/// <summary>
/// A file that one process holds at a time: the operating system drops the lock when the process ends, however it ends. It tells nobody
/// of it: who waits for the file asks again.
/// </summary>
internal static class HeldFile
{
    private const int Looks = 10;
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(20), s_wait = TimeSpan.FromMilliseconds(100);

    /// <summary>Holds a file until it is disposed; null where another process holds it.</summary>
    /// <exception cref="IOException">The file cannot be opened or made for another reason, such as a full disk.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be opened.</exception>
    public static FileStream? TryTake(string path)
    {
        for (int tries = 1; ; tries++)
        {
            if (Take(path, FileOptions.None) is { } held) return held;
            if (tries == Looks) return null;
            Thread.Sleep(s_look); // a look (IsHeld) has the file for an instant, and its end makes no event
        }
    }

    /// <summary>Holds a file until it is disposed, as soon as no other process does.</summary>
    /// <param name="waits">Called once, where another one does.</param>
    /// <exception cref="IOException">As <see cref="TryTake"/>.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be opened.</exception>
    public static async Task<FileStream> TakeAsync(
        string path, CancellationToken cancel, Action? waits = null, FileOptions options = FileOptions.None)
    {
        for (bool first = true; ; first = false)
        {
            cancel.ThrowIfCancellationRequested();
            if (Take(path, options) is { } held) return held;
            if (first) waits?.Invoke();
            await Task.Delay(s_wait, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Whether a process holds a file at this moment. Nothing is written, and reading is enough. Looks do not see each other; who
    /// takes the file sees them for an instant.
    /// </summary>
    public static bool IsHeld(string path)
    {
        try
        {
            using FileStream look = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1);
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

    private static FileStream? Take(string path, FileOptions options)
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

    // EAGAIN of Linux and macOS, ERROR_SHARING_VIOLATION of Windows.
    private static bool IsHeld(IOException e) => (e.HResult & 0xFFFF) is 11 or 35 or 32;
}
