using System.Runtime.CompilerServices;

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

    static abstract void Put(byte* to, float value);

    /// <summary>Writes a row's pair of columns.</summary>
    static abstract void PutPair(int* to, float even, float odd);

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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Put(byte* to, float value) => *(float*)to = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PutPair(int* to, float even, float odd) => (*(float*)to, *(float*)(to + IStore.Panel)) = (even, odd);

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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Put(byte* to, float value) => *(ushort*)to = BrainFloat.Round(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PutPair(int* to, float even, float odd) => *to = BrainFloat.Round(even) | (BrainFloat.Round(odd) << 16);

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
