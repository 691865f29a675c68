using System.Runtime.InteropServices;

namespace Hone.Models;

/// <summary>
/// Where libtorch's tensors on the CPU come from: from glibc's malloc, in place of its posix_memalign. That asks for a little more than it
/// gives and returns what is left over, so a tensor's memory, once free, is too small for the next tensor of the same size: a training's
/// heap grew to nearly twice of what lived in it (docs/decisions/0022).
/// </summary>
/// <remarks>
/// An allocator is a C++ object: a pointer to a table of functions, the third of which allocates. The table here is libtorch's own but
/// for that one and the one that names its counterpart. They are machine code because a C++ exception (no memory) must not pass through
/// .NET: where there is none, libtorch's own function is jumped to. Layouts are those of libtorch 2.10 on x64; elsewhere, or where a
/// trial shows another, nothing is done.
/// </remarks>
internal static unsafe partial class TensorAllocator
{
    // Entries of c10::Allocator's table: two destructors, allocate, is_simple_data_ptr, raw_deleter, copy_data.
    private const int Entries = 6, Allocate = 2, RawDeleter = 4;
    private const int TrimThreshold = -1, MapThreshold = -3, MostMaps = -4; // <malloc.h>
    private const int Read = 1, Write = 2, Execute = 4, PrivateAnonymous = 0x22; // <sys/mman.h>
    // Where the three functions lie in their page.
    private const int Page = 4096, Deleter = 0, GiveDeleter = 64, Allocation = 128;

    /// <summary>c10::DataPtr: the memory, what frees it, what that is called with, the device.</summary>
    private struct DataPtr
    {
        public void* Data;
        public delegate* unmanaged<void*, void> Free;
        public void* Context;
        public short Device;
    }

    private const short Cpu = unchecked((short)0xFF00); // type 0, no index

    /// <summary>Whether tensors are allocated so.</summary>
    public static bool IsInstalled { get; private set; }

    /// <summary>Called once, before the first tensor.</summary>
    /// <param name="c10">libtorch's base library.</param>
    public static void Install(nint c10)
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != System.Runtime.InteropServices.Architecture.X64
            || !NativeLibrary.TryGetExport(c10, "_ZN3c1022GetDefaultCPUAllocatorEv", out nint getDefault)
            || !NativeLibrary.TryGetExport(c10, "_ZN3c1015SetCPUAllocatorEPNS_9AllocatorEh", out nint set)
            || !NativeLibrary.TryGetExport(NativeLibrary.GetMainProgramHandle(), "malloc", out nint malloc)
            || !NativeLibrary.TryGetExport(NativeLibrary.GetMainProgramHandle(), "free", out nint free)) return;
        nint* own = (nint*)((delegate* unmanaged<nint>)getDefault)();
        nint* table = (nint*)own[0];
        if (!IsAsExpected(own, table[Allocate])) return;
        byte* page = (byte*)Map(0, Page, Read | Write, PrivateAnonymous, -1, 0);
        if ((nint)page == -1) return;
        var code = new Span<byte>(page, Page);
        FreeCode(free).CopyTo(code[Deleter..]);
        DeleterCode((nint)page + Deleter).CopyTo(code[GiveDeleter..]);
        AllocateCode(malloc, (nint)page + Deleter, table[Allocate]).CopyTo(code[Allocation..]);
        if (Protect((nint)page, Page, Read | Execute) != 0) return;
        // Lives as long as the process, as libtorch's own does.
        nint* allocator = (nint*)NativeMemory.AllocZeroed(1 + Entries, (nuint)sizeof(nint));
        allocator[0] = (nint)(allocator + 1);
        new ReadOnlySpan<nint>(table, Entries).CopyTo(new Span<nint>(allocator + 1, Entries));
        (allocator[1 + Allocate], allocator[1 + RawDeleter]) = ((nint)page + Allocation, (nint)page + GiveDeleter);
        ((delegate* unmanaged<nint*, byte, void>)set)(allocator, 0);
        IsInstalled = true;
    }

    /// <summary>
    /// While a training runs: what one step frees is kept for the next, in place of being given back to the system and asked for again.
    /// Given back at the end. The whole process has one setting: the first of several trainings that ends sets it back, which costs the
    /// others time alone.
    /// </summary>
    public static IDisposable KeepFreed() => new Kept();

    private static bool IsAsExpected(nint* allocator, nint allocate)
    {
        DataPtr tried = default;
        ((delegate* unmanaged<DataPtr*, nint*, nuint, DataPtr*>)allocate)(&tried, allocator, 100);
        if (tried.Data == null || tried.Data != tried.Context || tried.Free == null || tried.Device != Cpu) return false;
        tried.Free(tried.Context);
        return true;
    }

    /// <summary>void free(void* tensor): what malloc has given lies in the 8 bytes before.</summary>
    private static byte[] FreeCode(nint free) =>
    [
        0xF3, 0x0F, 0x1E, 0xFA, // endbr64
        0x48, 0x85, 0xFF, // test rdi, rdi
        0x74, 16, // je to ret
        0x48, 0x8B, 0x7F, 0xF8, // mov rdi, [rdi - 8]
        0x48, 0xB8, .. Address(free), // mov rax, free
        0xFF, 0xE0, // jmp rax
        0xC3, // ret
    ];

    /// <summary>void (*raw_deleter(Allocator*))(void*)</summary>
    private static byte[] DeleterCode(nint deleter) =>
    [
        0xF3, 0x0F, 0x1E, 0xFA, // endbr64
        0x48, 0xB8, .. Address(deleter), // mov rax, deleter
        0xC3, // ret
    ];

    /// <summary>DataPtr* allocate(DataPtr* result, Allocator*, size_t bytes), in the calling convention of System V on x64.</summary>
    private static byte[] AllocateCode(nint malloc, nint deleter, nint otherwise)
    {
        byte[] own =
        [
            0x57, 0x56, 0x52, // push rdi, rsi, rdx
            0x48, 0x8D, 0x7A, 80, // lea rdi, [rdx + 80]: 64 to align, 16 for the address
            0x48, 0xB8, .. Address(malloc), // mov rax, malloc
            0xFF, 0xD0, // call rax
            0x5A, 0x5E, 0x5F, // pop rdx, rsi, rdi
            0x48, 0x85, 0xC0, // test rax, rax
        ];
        byte[] result =
        [
            0x48, 0x8D, 0x48, 79, // lea rcx, [rax + 79]
            0x48, 0x83, 0xE1, 0xC0, // and rcx, -64
            0x48, 0x89, 0x41, 0xF8, // mov [rcx - 8], rax
            0x48, 0x89, 0x0F, // mov [rdi], rcx
            0x48, 0x89, 0x4F, 16, // mov [rdi + 16], rcx
            0x48, 0xB8, .. Address(deleter), // mov rax, deleter
            0x48, 0x89, 0x47, 8, // mov [rdi + 8], rax
            0x66, 0xC7, 0x47, 24, 0x00, 0xFF, // mov word [rdi + 24], 0xFF00
            0x48, 0x89, 0xF8, // mov rax, rdi
            0xC3, // ret
        ];
        return
        [
            0xF3, 0x0F, 0x1E, 0xFA, // endbr64
            0x48, 0x85, 0xD2, // test rdx, rdx
            0x7E, (byte)(own.Length + 2 + result.Length), // jle: nothing, or more than there can be
            .. own,
            0x74, (byte)result.Length, // je: there is no memory, which libtorch's own function says
            .. result,
            0x48, 0xB9, .. Address(otherwise), // mov rcx, libtorch's own
            0xFF, 0xE1, // jmp rcx
        ];
    }

    private static byte[] Address(nint value) => BitConverter.GetBytes((long)value);

    private sealed class Kept : IDisposable
    {
        public Kept()
        {
            if (!IsInstalled) return;
            SetOption(MostMaps, 0);
            SetOption(TrimThreshold, -1);
        }

        public void Dispose()
        {
            if (!IsInstalled) return;
            // What glibc comes to by itself.
            SetOption(MostMaps, 65_536);
            SetOption(MapThreshold, 32 << 20);
            SetOption(TrimThreshold, 64 << 20);
            Trim(0);
        }
    }

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial void SetOption(int option, int value);

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial void Trim(nuint kept);

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint at, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(nint at, nuint length, int protection);
}
