using System.Runtime.InteropServices;

namespace Hone.Inference.Engines.Cpu;

/// <summary>
/// Pages of 2 MB in place of 4 KB for memory that is about to be filled: far fewer faults while it is, and fewer misses of the
/// processor's page tables whenever it is read.
/// </summary>
internal static unsafe partial class HugePages
{
    private const long Size = 2 << 20;

    /// <summary>Asks for them where the system has them; what does not fill whole ones keeps small pages.</summary>
    public static void Advise(void* address, long bytes)
    {
        if (!OperatingSystem.IsLinux() || bytes < Size) return;
        long first = ((nint)address + Size - 1) & -Size, end = ((nint)address + bytes) & -Size;
        if (end > first) _ = MAdvise((nint)first, (nuint)(end - first), 14); // MADV_HUGEPAGE; a system without them says no
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int MAdvise(nint address, nuint length, int advice);
}
