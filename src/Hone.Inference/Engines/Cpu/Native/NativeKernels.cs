using System.Runtime.InteropServices;

namespace Hone.Inference.Engines.Cpu;

/// <summary>
/// The functions of <c>hone_kernels.c</c>, where the build found a C compiler and the processor has their instructions; without
/// them the kernels in C# compute the same.
/// </summary>
internal static unsafe class NativeKernels
{
    private static readonly nint s_library = Load();

    public static bool IsSupported => s_library != 0;

    public static readonly delegate* unmanaged<byte*, long, int, int, int*, int, float*, long, void> Int8 =
        (delegate* unmanaged<byte*, long, int, int, int*, int, float*, long, void>)Export("hone_int8");

    public static readonly delegate* unmanaged<byte*, long, int, int, int*, int, float*, long, void> Int4 =
        (delegate* unmanaged<byte*, long, int, int, int*, int, float*, long, void>)Export("hone_int4");

    private static nint Load()
    {
        string path = Path.Combine(AppContext.BaseDirectory, "libhone_kernels.so");
        if (!File.Exists(path) || !NativeLibrary.TryLoad(path, out nint library)) return 0;
        var supported = (delegate* unmanaged<int>)NativeLibrary.GetExport(library, "hone_has_vnni");
        return supported() != 0 ? library : 0;
    }

    private static nint Export(string name) => s_library == 0 ? 0 : NativeLibrary.GetExport(s_library, name);
}
