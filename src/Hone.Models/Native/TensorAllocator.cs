using System.Runtime.InteropServices;

namespace Hone.Models;

/// <summary>
/// Where libtorch's tensors on the CPU come from: from glibc's malloc, in place of its posix_memalign. That asks for a little more than it
/// gives and returns what is left over, so a tensor's memory, once free, is too small for the next tensor of the same size: a training's
/// heap grew to nearly twice of what lived in it (docs/decisions/0022).
/// </summary>
/// <remarks>
/// An allocator is a C++ object: a pointer to a table of functions, the third of which allocates. The table here is libtorch's own but
/// for that one, which is machine code because a C++ exception (no memory) must not pass through .NET: where there is none, it jumps
/// to libtorch's own function. Its layouts are those of libtorch 2.10 on x64; elsewhere, or where a trial shows another, nothing is done.
/// </remarks>
internal static unsafe partial class TensorAllocator
{
    // Entries of c10::Allocator's table: two destructors, allocate, is_simple_data_ptr, raw_deleter, copy_data.
    private const int Entries = 6, Allocate = 2;
    private const int TrimThreshold = -1, MapThreshold = -3, MostMaps = -4; // <malloc.h>
    private const int Read = 1, Write = 2, Execute = 4, PrivateAnonymous = 0x22; // <sys/mman.h>
    private const int Page = 4096;

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
        byte[] code = Code(malloc, free, table[Allocate]);
        code.CopyTo(new Span<byte>(page, Page));
        if (Protect((nint)page, Page, Read | Execute) != 0) return;
        // Lives as long as the process, as libtorch's own does.
        nint* allocator = (nint*)NativeMemory.AllocZeroed(1 + Entries, (nuint)sizeof(nint));
        allocator[0] = (nint)(allocator + 1);
        for (int i = 0; i < Entries; i++) allocator[1 + i] = i == Allocate ? (nint)page : table[i];
        ((delegate* unmanaged<nint*, byte, void>)set)(allocator, 0);
        IsInstalled = true;
    }

    /// <summary>
    /// While a training runs: what one step frees is kept for the next, in place of being given back to the system and asked for again.
    /// Given back at the end.
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

    /// <summary>DataPtr* allocate(DataPtr* result, Allocator*, size_t bytes), in the calling convention of System V on x64.</summary>
    private static byte[] Code(nint malloc, nint free, nint otherwise)
    {
        List<byte> code = [0xF3, 0x0F, 0x1E, 0xFA]; // endbr64
        void Add(params ReadOnlySpan<byte> bytes) => code.AddRange(bytes);
        void Address(nint value) => code.AddRange(BitConverter.GetBytes((long)value));
        var jumps = new List<int>();
        void ToOtherwise(byte condition)
        {
            Add(condition, 0);
            jumps.Add(code.Count);
        }

        Add(0x48, 0x85, 0xD2); // test rdx, rdx
        ToOtherwise(0x7E); // jle: nothing, or more than there can be
        Add(0x57, 0x56, 0x52); // push rdi, rsi, rdx
        Add(0x48, 0x8D, 0x7A, 48); // lea rdi, [rdx + 48]: malloc aligns to 16, tensors to 64
        Add(0x48, 0xB8); // mov rax, malloc
        Address(malloc);
        Add(0xFF, 0xD0); // call rax
        Add(0x5A, 0x5E, 0x5F); // pop rdx, rsi, rdi
        Add(0x48, 0x85, 0xC0); // test rax, rax
        ToOtherwise(0x74); // je: there is no memory, which libtorch's own function says
        Add(0x48, 0xB9); // mov rcx, free
        Address(free);
        Add(0x48, 0x89, 0x4F, 8); // mov [rdi + 8], rcx
        Add(0x48, 0x89, 0x47, 16); // mov [rdi + 16], rax
        Add(0x66, 0xC7, 0x47, 24, 0x00, 0xFF); // mov word [rdi + 24], 0xFF00
        Add(0x48, 0x83, 0xC0, 63); // add rax, 63
        Add(0x48, 0x83, 0xE0, 0xC0); // and rax, -64
        Add(0x48, 0x89, 0x07); // mov [rdi], rax
        Add(0x48, 0x89, 0xF8); // mov rax, rdi
        Add(0xC3); // ret
        foreach (int after in jumps) code[after - 1] = (byte)(code.Count - after);
        Add(0x48, 0xB9); // mov rcx, libtorch's own
        Address(otherwise);
        Add(0xFF, 0xE1); // jmp rcx
        return [.. code];
    }

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
