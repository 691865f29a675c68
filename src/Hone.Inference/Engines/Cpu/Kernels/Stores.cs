using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Hone.Inference.Engines.Cpu;

/// <summary>
/// A number format of weights, keys and values that are computed in fp32. A panel holds 16 rows of a matrix (of keys: 16 tokens) in pairs
/// of columns, so that a lane is a row.
/// </summary>
internal unsafe interface IStore
{
    /// <summary>Rows of a panel.</summary>
    const int Panel = PackedMatrix.PanelRows;

    /// <summary>Bytes of a number.</summary>
    static abstract int Bytes { get; }

    /// <summary>From one pair of columns of a panel to the next.</summary>
    static abstract int Words { get; }

    /// <summary>Writes numbers side by side.</summary>
    static abstract void Put(float* from, int count, byte* to);

    /// <summary>Writes a row of a panel, pair by pair.</summary>
    /// <param name="count">Columns, an even number.</param>
    static abstract void PutRow(float* from, int count, int* to);

    /// <summary>Numbers side by side.</summary>
    static abstract TFloat Load<TLanes, TFloat, TWord>(byte* from)
        where TLanes : struct, ILanes<TFloat, TWord>
        where TFloat : unmanaged
        where TWord : unmanaged;

    /// <summary>The first column of a pair.</summary>
    static abstract TFloat Even<TLanes, TFloat, TWord>(int* w)
        where TLanes : struct, ILanes<TFloat, TWord>
        where TFloat : unmanaged
        where TWord : unmanaged;

    /// <summary>The second column of a pair.</summary>
    static abstract TFloat Odd<TLanes, TFloat, TWord>(int* w)
        where TLanes : struct, ILanes<TFloat, TWord>
        where TFloat : unmanaged
        where TWord : unmanaged;
}

/// <summary>Singles; a pair of columns is two lines.</summary>
internal readonly unsafe struct SingleStore : IStore
{
    public static int Bytes => sizeof(float);

    public static int Words => 2 * IStore.Panel;

    public static void Put(float* from, int count, byte* to) => new ReadOnlySpan<float>(from, count).CopyTo(new Span<float>(to, count));

    public static void PutRow(float* from, int count, int* to)
    {
        for (int i = 0; i < count; i++, to += IStore.Panel) *(float*)to = from[i];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TFloat Load<TLanes, TFloat, TWord>(byte* from)
        where TLanes : struct, ILanes<TFloat, TWord>
        where TFloat : unmanaged
        where TWord : unmanaged => TLanes.Load((float*)from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TFloat Even<TLanes, TFloat, TWord>(int* w)
        where TLanes : struct, ILanes<TFloat, TWord>
        where TFloat : unmanaged
        where TWord : unmanaged => TLanes.Load((float*)w);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TFloat Odd<TLanes, TFloat, TWord>(int* w)
        where TLanes : struct, ILanes<TFloat, TWord>
        where TFloat : unmanaged
        where TWord : unmanaged => TLanes.Load((float*)w + IStore.Panel);
}

/// <summary>Brain floats; a pair of columns is one line of words, the first column in the lower halves.</summary>
internal readonly unsafe struct BrainStore : IStore
{
    public static int Bytes => sizeof(ushort);

    public static int Words => IStore.Panel;

    public static void Put(float* from, int count, byte* to)
    {
        int i = 0;
        for (; i <= count - 16; i += 16)
        {
            Vector256<uint> low = BrainFloat.Round(Vector256.Load(from + i)), high = BrainFloat.Round(Vector256.Load(from + i + 8));
            Vector256.Narrow(low, high).Store((ushort*)to + i);
        }
        for (; i < count; i++) ((ushort*)to)[i] = BrainFloat.Round(from[i]);
    }

    public static void PutRow(float* from, int count, int* to)
    {
        int i = 0;
        for (; i <= count - 8; i += 8, to += 4 * IStore.Panel)
        {
            Vector256<ulong> two = BrainFloat.Round(Vector256.Load(from + i)).AsUInt64();
            Vector256<int> pairs = (two | (two >>> 16)).AsInt32();
            to[0] = pairs[0];
            to[IStore.Panel] = pairs[2];
            to[2 * IStore.Panel] = pairs[4];
            to[3 * IStore.Panel] = pairs[6];
        }
        for (; i < count; i += 2, to += IStore.Panel) *to = BrainFloat.Round(from[i]) | (BrainFloat.Round(from[i + 1]) << 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TFloat Load<TLanes, TFloat, TWord>(byte* from)
        where TLanes : struct, ILanes<TFloat, TWord>
        where TFloat : unmanaged
        where TWord : unmanaged => TLanes.LoadBrain((ushort*)from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TFloat Even<TLanes, TFloat, TWord>(int* w)
        where TLanes : struct, ILanes<TFloat, TWord>
        where TFloat : unmanaged
        where TWord : unmanaged => TLanes.AsFloat(TLanes.ShiftLeft(TLanes.LoadWords(w), 16));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TFloat Odd<TLanes, TFloat, TWord>(int* w)
        where TLanes : struct, ILanes<TFloat, TWord>
        where TFloat : unmanaged
        where TWord : unmanaged => TLanes.AsFloat(TLanes.And(TLanes.LoadWords(w), TLanes.Broadcast(unchecked((int)0xFFFF0000))));
}
