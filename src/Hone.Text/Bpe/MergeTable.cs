namespace Hone.Text.Bpe;

/// <summary>Pairs of neighbouring ids to (rank, id of the merged token). The lower the rank, the earlier the merge.</summary>
internal sealed class MergeTable
{
    private const ulong Multiplier = 0x9E3779B97F4A7C15UL;
    private ulong[] _keys = [];
    private long[] _values = [];
    private int _shift;
    private int _count;

    public MergeTable() => Allocate(1 << 10);

    /// <summary>A pair listed twice keeps its last rank, as in the reference implementation.</summary>
    public void Set(int left, int right, int rank, int merged)
    {
        Set(Key(left, right), ((long)rank << 32) | (uint)merged);
        if (_count * 2 > _keys.Length) Grow();
    }

    /// <summary>Rank in the upper half, merged id in the lower half; <see cref="long.MaxValue"/> when the pair does not merge.</summary>
    public long Get(int left, int right)
    {
        int slot = Find(Key(left, right));
        return _keys[slot] == ulong.MaxValue ? long.MaxValue : _values[slot];
    }

    private static ulong Key(int left, int right) => ((ulong)(uint)left << 32) | (uint)right;

    private void Set(ulong key, long value)
    {
        int slot = Find(key);
        if (_keys[slot] == ulong.MaxValue) _count++;
        _keys[slot] = key;
        _values[slot] = value;
    }

    private int Find(ulong key)
    {
        int mask = _keys.Length - 1;
        int slot = (int)((key * Multiplier) >> _shift);
        while (_keys[slot] != key && _keys[slot] != ulong.MaxValue) slot = (slot + 1) & mask;
        return slot;
    }

    private void Allocate(int size)
    {
        _keys = new ulong[size];
        _values = new long[size];
        _shift = 64 - System.Numerics.BitOperations.Log2((uint)size);
        _count = 0;
        Array.Fill(_keys, ulong.MaxValue);
    }

    private void Grow()
    {
        (ulong[] keys, long[] values) = (_keys, _values);
        Allocate(keys.Length * 2);
        for (int i = 0; i < keys.Length; i++)
        {
            if (keys[i] != ulong.MaxValue) Set(keys[i], values[i]);
        }
    }
}
