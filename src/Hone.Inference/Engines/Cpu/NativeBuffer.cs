using System.Runtime.InteropServices;

namespace Hone.Inference.Engines.Cpu;

/// <summary>
/// Zeros in native memory, aligned to a cache line, which grow and never shrink. Large ones are the system's zeros, given when they are
/// first written, on the core that writes them.
/// </summary>
internal sealed unsafe class NativeBuffer<T> : IDisposable
    where T : unmanaged
{
    private const nuint Line = 64;

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
        _memory = NativeMemory.AllocZeroed(checked(((nuint)length * (nuint)sizeof(T)) + Line));
        Pointer = (T*)(((nuint)_memory + Line - 1) & ~(Line - 1));
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
