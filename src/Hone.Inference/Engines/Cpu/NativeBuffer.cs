using System.Runtime.InteropServices;

namespace Hone.Inference.Engines.Cpu;

/// <summary>Zeros in native memory, aligned to a cache line, which grow and never shrink.</summary>
internal sealed unsafe class NativeBuffer<T> : IDisposable
    where T : unmanaged
{
    private const nuint Line = 64;

    public NativeBuffer(long length = 0) => Grow(length);

    ~NativeBuffer() => Dispose();

    public T* Pointer { get; private set; }

    public long Length { get; private set; }

    /// <summary>At least that long; what it held is gone if it had to grow.</summary>
    public T* Grow(long length)
    {
        if (length <= Length) return Pointer;
        NativeMemory.AlignedFree(Pointer);
        Pointer = null;
        Length = 0;
        nuint bytes = checked((nuint)length * (nuint)sizeof(T));
        Pointer = (T*)NativeMemory.AlignedAlloc(bytes, Line);
        NativeMemory.Clear(Pointer, bytes);
        Length = length;
        return Pointer;
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(Pointer);
        Pointer = null;
        Length = 0;
        GC.SuppressFinalize(this);
    }
}
