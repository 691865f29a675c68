using System.Runtime.InteropServices;

namespace Hone.Inference;

/// <summary>Computing that gives way to whoever asks for it.</summary>
internal static partial class BackgroundWork
{
    /// <summary>
    /// Lets this thread, and those that it will make, give way to the others of this program: a server hears and refuses while all
    /// cores compute. They get what is left, as all of it where nobody else wants it. On Linux, where a thread has a nice value of its
    /// own (sched(7)); .NET's thread priorities change nothing there.
    /// </summary>
    public static void GiveWay()
    {
        if (OperatingSystem.IsLinux()) _ = SetPriority(Process, 0, Nice);
    }

    // which: of a process, which to Linux is a thread; who: the calling one.
    private const int Process = 0, Nice = 5;

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, uint who, int priority);
}
