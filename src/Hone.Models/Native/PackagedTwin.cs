using System.Runtime.InteropServices;

namespace Hone.Models;

/// <summary>
/// Keeps TorchSharp from loading the packaged libtorch beside another one. Its static constructor loads "torch_cpu" by
/// name, .NET turns the name into the path of the packaged file, and glibc knows a library by path or inode; so a second
/// libtorch is mapped, registers every operator again and aborts the process. TorchSharp has no switch for it and .NET asks
/// no resolver while a packaged file exists. So the library already loaded is given the packaged file's path in the
/// dynamic linker's list (<c>struct link_map</c> of link.h), where dlopen(3) then finds it.
/// </summary>
internal static unsafe partial class PackagedTwin
{
    private const int LinkMap = 2; // RTLD_DI_LINKMAP
    private const int LazyWithoutLoading = 0x1 | 0x4; // RTLD_LAZY | RTLD_NOLOAD

    /// <summary>True when the process has mapped a library of this name already.</summary>
    public static bool IsLoaded(string fileName) => Open(fileName, LazyWithoutLoading) != 0;

    public static void Hide(nint library, string fileName, string folder)
    {
        string? packaged = LibTorch.PackagedPath(fileName);
        if (packaged is null || Open(packaged, LazyWithoutLoading) != 0) return;
        LinkMapHead* entry;
        // The name is never freed, as the library is not.
        if (Information(library, LinkMap, &entry) == 0) entry->Name = Marshal.StringToCoTaskMemUTF8(packaged);
        if (Open(packaged, LazyWithoutLoading) != library)
            throw new InputException(
                $"{LibTorch.FolderVariable} needs glibc's dynamic linker.", folder, $"Unset {LibTorch.FolderVariable}.");
    }

    [LibraryImport("libc", EntryPoint = "dlopen", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint Open(string path, int mode);

    [LibraryImport("libc", EntryPoint = "dlinfo")]
    private static partial int Information(nint library, int request, LinkMapHead** info);

    [StructLayout(LayoutKind.Sequential)]
    private struct LinkMapHead
    {
        public nint LoadAddress;
        public nint Name;
    }
}
