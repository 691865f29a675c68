using System.Runtime.InteropServices;

namespace Hone.Training;

/// <summary>Environment variables of native libraries: .NET keeps its own, and native code sees only those of libc.</summary>
internal static partial class NativeVariable
{
    /// <summary>Sets one that nobody has set.</summary>
    public static void SetDefault(string name, string value) => _ = Set(name, value, overwrite: 0);

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Set(string name, string value, int overwrite);
}
