using System.Runtime.InteropServices;
using Hone.Models;

namespace Hone.Inference.Engines.Cpu;

/// <summary>
/// Zeros in native memory, aligned to a cache line, which grow and never shrink. Large ones are the system's zeros, given when they are
/// first written, by the core that writes them, and in huge pages where there are some.
/// </summary>
internal sealed unsafe class NativeBuffer<T> : IDisposable
    where T : unmanaged
{
    private const nuint Line = 64, HugePage = 2 << 20;

    private void* _memory;

    public NativeBuffer(long length = 0) => Grow(length);

    ~NativeBuffer() => Dispose();

    public T* Pointer { get; private set; }

    public long Length { get; private set; }

    /// <summary>At least that long; what it held is gone if it had to grow.</summary>
    public T* Grow(long length)
    {
        if (length <= Length) return Pointer;
        Free();
        nuint bytes = checked((nuint)length * (nuint)sizeof(T)), alignment = bytes < HugePage ? Line : HugePage;
        _memory = NativeMemory.AllocZeroed(checked(bytes + alignment));
        Pointer = (T*)(((nuint)_memory + alignment - 1) & ~(alignment - 1));
        HugePages.Advise(Pointer, (long)bytes);
        Length = length;
        return Pointer;
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.Free(_memory);
        _memory = null;
        Pointer = null;
        Length = 0;
    }
}
