namespace Hone.Data;

/// <summary>What to do about an error of the file system.</summary>
internal static class FileAdvice
{
    private const int NoSpaceUnix = 28, QuotaUnix = 122, ReadOnlyUnix = 30, TooManyFilesUnix = 24;
    private const int NoSpaceWindows = unchecked((int)0x80070070), HandleNoSpaceWindows = unchecked((int)0x80070027);

    public static string For(Exception e) => e switch
    {
        UnauthorizedAccessException => "Look at who owns it and at its permissions, or choose another place.",
        FileNotFoundException or DirectoryNotFoundException => "Was it moved or removed meanwhile? Give the place where it is.",
        PathTooLongException => "Choose a shorter name or another place.",
        { HResult: NoSpaceUnix or NoSpaceWindows or HandleNoSpaceWindows } =>
            "Free space or choose another place, and run the command again.",
        { HResult: QuotaUnix } => "Your quota is used up: free space or choose another place, and run the command again.",
        { HResult: ReadOnlyUnix } => "The file system is read-only: choose another place.",
        { HResult: TooManyFilesUnix } => "Raise the limit of open files (ulimit -n), and run the command again.",
        _ => "Free space, mend the disk or choose another place, and run the command again.",
    };
}
