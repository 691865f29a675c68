using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Hone.Inference;

/// <summary>
/// Who holds which block of the cache. A block whose tokens are all computed can be found again by what it holds, itself and all
/// that stands before it; when nobody holds it any longer, it stays until its place is needed, the longest unused first.
/// </summary>
internal sealed class BlockPool(int limit)
{
    private readonly List<int> _holders = [];
    private readonly List<UInt128?> _contents = [];
    private readonly Stack<int> _free = new();
    private readonly Dictionary<UInt128, int> _known = [];
    // Known blocks that nobody holds, the longest unused first.
    private readonly LinkedList<int> _unused = new();
    private readonly Dictionary<int, LinkedListNode<int>> _unusedAt = [];

    /// <summary>Blocks that there are or were: what the engine must have.</summary>
    public int Count => _holders.Count;

    /// <summary>Blocks that can be taken.</summary>
    public int Available => limit - _holders.Count + _free.Count + _unused.Count;

    /// <summary>A block for one holder; null where all are held.</summary>
    /// <param name="beyondLimit">Makes one all the same.</param>
    public int? Take(bool beyondLimit = false)
    {
        int block;
        if (_free.Count > 0)
        {
            block = _free.Pop();
        }
        else if (_holders.Count < limit || (beyondLimit && _unused.Count == 0))
        {
            block = _holders.Count;
            _holders.Add(0);
            _contents.Add(null);
        }
        else if (_unused.First is { } oldest)
        {
            block = oldest.Value;
            NoLongerUnused(block);
            _known.Remove(_contents[block]!.Value);
            _contents[block] = null;
        }
        else
        {
            return null;
        }
        _holders[block] = 1;
        return block;
    }

    /// <summary>One holder more.</summary>
    public void Hold(int block)
    {
        if (_holders[block]++ == 0) NoLongerUnused(block);
    }

    /// <summary>One holder less.</summary>
    public void Release(int block)
    {
        if (--_holders[block] > 0) return;
        if (_contents[block] is null) _free.Push(block);
        else _unusedAt[block] = _unused.AddLast(block);
    }

    public bool IsShared(int block) => _holders[block] > 1;

    /// <summary>The block that holds this; null where none does.</summary>
    public int? Find(UInt128 contents) => _known.TryGetValue(contents, out int block) ? block : null;

    /// <summary>Makes a computed block one that can be found. Where another holds the same, that one stays the known one.</summary>
    public void Know(int block, UInt128 contents)
    {
        if (_contents[block] is null && _known.TryAdd(contents, block)) _contents[block] = contents;
    }

    /// <summary>What a full block holds: its tokens behind all that <paramref name="before"/> stands for.</summary>
    /// <remarks>SHA-256, so that nobody can write a prompt that finds another's block.</remarks>
    public static UInt128 Contents(UInt128 before, ReadOnlySpan<int> tokens)
    {
        Span<byte> bytes = stackalloc byte[16 + (4 * tokens.Length)], hash = stackalloc byte[32];
        MemoryMarshal.Write(bytes, before);
        MemoryMarshal.AsBytes(tokens).CopyTo(bytes[16..]);
        SHA256.HashData(bytes, hash);
        return MemoryMarshal.Read<UInt128>(hash);
    }

    private void NoLongerUnused(int block)
    {
        _unused.Remove(_unusedAt[block]);
        _unusedAt.Remove(block);
    }
}
