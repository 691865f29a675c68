using System.Runtime.InteropServices;

namespace Hone.Training;

/// <summary>
/// While it lives native code has no standard output: Gloo greets there when its ranks are connected, and that is where results go.
/// </summary>
internal sealed partial class QuietOutput : IDisposable
{
    private const int Output = 1, WriteOnly = 1;

    private static readonly Lock s_gate = new();
    private static int s_living, s_kept;

    public QuietOutput()
    {
        lock (s_gate)
        {
            if (s_living++ > 0) return;
            s_kept = Duplicate(Output);
            int nothing = Open("/dev/null", WriteOnly);
            _ = DuplicateTo(nothing, Output);
            _ = Close(nothing);
        }
    }

    public void Dispose()
    {
        lock (s_gate)
        {
            if (--s_living > 0) return;
            _ = DuplicateTo(s_kept, Output);
            _ = Close(s_kept);
        }
    }

    [LibraryImport("libc", EntryPoint = "dup")]
    private static partial int Duplicate(int file);

    [LibraryImport("libc", EntryPoint = "dup2")]
    private static partial int DuplicateTo(int file, int other);

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int file);
}
