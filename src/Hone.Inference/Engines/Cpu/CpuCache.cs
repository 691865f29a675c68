using System.Runtime.InteropServices;

namespace Hone.Inference.Engines.Cpu;

/// <summary>
/// Keys and values of 32 tokens a block. A block holds all layers, one after the other, and in each the heads: keys as
/// two panels of 16 tokens, values as [32, padded dim]. Memory is zeros that the system gives when they are first written.
/// </summary>
internal sealed unsafe class CpuCache(int layers, int heads, int dim, int bytesPerNumber) : IDisposable
{
    public const int Tokens = 32;

    private const int Line = 64;

    private readonly List<nint> _allocations = [];
    private byte*[] _blocks = [];
    private int _count;

    /// <summary>Values of a token are this far apart.</summary>
    public int PaddedDim { get; } = PackedMatrix.RoundUp(dim, PackedMatrix.PanelRows);

    public long BlockBytes => layers * LayerBytes;

    private long KeyBytes => (long)dim * Tokens * bytesPerNumber;

    private long HeadBytes => KeyBytes + ((long)PaddedDim * Tokens * bytesPerNumber);

    private long LayerBytes => heads * HeadBytes;

    public int Count => _count;

    public void Reserve(int count)
    {
        if (count <= _count) return;
        if (count > _blocks.Length)
        {
            var larger = new byte*[Math.Max(count, 2 * _blocks.Length)];
            for (int i = 0; i < _count; i++) larger[i] = _blocks[i];
            _blocks = larger;
        }
        byte* memory = (byte*)NativeMemory.AllocZeroed((nuint)((BlockBytes * (count - _count)) + Line));
        _allocations.Add((nint)memory);
        memory += (Line - ((nint)memory % Line)) % Line;
        HugePages.Advise(memory, BlockBytes * (count - _count)); // blocks lie scattered, and every small page is looked up
        for (; _count < count; _count++, memory += BlockBytes) _blocks[_count] = memory;
    }

    public void Copy(int from, int to) => Buffer.MemoryCopy(_blocks[from], _blocks[to], BlockBytes, BlockBytes);

    public byte* Keys(int block, int layer, int head) => _blocks[block] + (layer * LayerBytes) + (head * HeadBytes);

    public byte* Values(int block, int layer, int head) => Keys(block, layer, head) + KeyBytes;

    public void Dispose()
    {
        foreach (nint memory in _allocations) NativeMemory.Free((void*)memory);
        _allocations.Clear();
        _count = 0;
    }
}
