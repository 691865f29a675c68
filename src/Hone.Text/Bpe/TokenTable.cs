using System.Runtime.InteropServices;

namespace Hone.Text.Bpe;

/// <summary>Byte strings to ids and back: open addressing over one blob of bytes, so that 128k tokens load without 128k objects.</summary>
internal sealed class TokenTable
{
    /// <summary>Above every published vocabulary; arrays are sized by id, so an absurd id must not allocate.</summary>
    public const int MaxId = (1 << 20) - 1;

    // Seeded per process: a file cannot be made to collide on purpose.
    private static readonly ulong s_seed = unchecked((ulong)HashCode.Combine(0x5bd1e995) * 0x9E3779B97F4A7C15UL);

    private byte[] _bytes;
    private int _used;
    private int[] _start;
    private int[] _length;
    private int[] _slots;

    public TokenTable(int expected)
    {
        int capacity = Math.Max(16, expected);
        _bytes = new byte[capacity * 8];
        _start = new int[capacity];
        _length = new int[capacity];
        Array.Fill(_length, -1);
        _slots = new int[(int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)capacity * 2)];
    }

    private TokenTable(TokenTable source)
    {
        (_bytes, _start, _length, _slots) = ([.. source._bytes], [.. source._start], [.. source._length], [.. source._slots]);
        (_used, Count, Size) = (source._used, source.Count, source.Size);
    }

    public int Count { get; private set; }

    /// <summary>Highest id + 1.</summary>
    public int Size { get; private set; }

    public bool Has(int id) => (uint)id < (uint)Size && _length[id] >= 0;

    public ReadOnlySpan<byte> BytesOf(int id) => _bytes.AsSpan(_start[id], _length[id]);

    public bool TryGet(ReadOnlySpan<byte> token, out int id)
    {
        int slot = Find(token);
        id = _slots[slot] - 1;
        return id >= 0;
    }

    /// <summary>False when the token or the id is there already.</summary>
    public bool TryAdd(ReadOnlySpan<byte> token, int id)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(id);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(id, MaxId);
        int slot = Find(token);
        if (_slots[slot] != 0 || Has(id)) return false;
        Reserve(token.Length, id);
        token.CopyTo(_bytes.AsSpan(_used));
        _start[id] = _used;
        _length[id] = token.Length;
        _used += token.Length;
        _slots[slot] = id + 1;
        Size = Math.Max(Size, id + 1);
        Count++;
        if (Count * 2 > _slots.Length) Rehash();
        return true;
    }

    public TokenTable Copy() => new(this);

    private void Reserve(int length, int id)
    {
        if (_used + length > _bytes.Length) Array.Resize(ref _bytes, checked(Math.Max(_bytes.Length * 2, _used + length)));
        if (id < _start.Length) return;
        int was = _start.Length, capacity = Math.Min(MaxId + 1, Math.Max(was * 2, id + 1));
        Array.Resize(ref _start, capacity);
        Array.Resize(ref _length, capacity);
        Array.Fill(_length, -1, was, capacity - was);
    }

    private void Rehash()
    {
        _slots = new int[_slots.Length * 2];
        for (int id = 0; id < Size; id++)
        {
            if (_length[id] >= 0) _slots[Find(BytesOf(id))] = id + 1;
        }
    }

    private int Find(ReadOnlySpan<byte> token)
    {
        int mask = _slots.Length - 1;
        int slot = (int)Hash(token) & mask;
        while (_slots[slot] is int at && at != 0 && !BytesOf(at - 1).SequenceEqual(token)) slot = (slot + 1) & mask;
        return slot;
    }

    internal static uint Hash(ReadOnlySpan<byte> s)
    {
        const ulong multiplier = 0xff51afd7ed558ccdUL;
        ulong h = s_seed + (ulong)s.Length * multiplier;
        while (s.Length >= 8)
        {
            h = (h ^ MemoryMarshal.Read<ulong>(s)) * multiplier;
            h ^= h >> 32;
            s = s[8..];
        }
        ulong tail = 0;
        foreach (byte b in s) tail = (tail << 8) | b;
        h = (h ^ tail) * multiplier;
        h ^= h >> 33;
        return (uint)h;
    }
}
