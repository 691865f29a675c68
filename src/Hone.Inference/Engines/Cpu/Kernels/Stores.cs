using System.Runtime.CompilerServices;

namespace Hone.Inference.Engines.Cpu;

/// <summary>A number format of cached keys and values.</summary>
internal unsafe interface IStore
{
    static abstract int Bytes { get; }

    static abstract void Put(byte* to, float value);

    static abstract TFloat Load<TLanes, TFloat, TWord>(byte* from)
        where TLanes : struct, ILanes<TFloat, TWord>
        where TFloat : unmanaged
        where TWord : unmanaged;
}

internal readonly unsafe struct SingleStore : IStore
{
    public static int Bytes => sizeof(float);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Put(byte* to, float value) => *(float*)to = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TFloat Load<TLanes, TFloat, TWord>(byte* from)
        where TLanes : struct, ILanes<TFloat, TWord>
        where TFloat : unmanaged
        where TWord : unmanaged => TLanes.Load((float*)from);
}

internal readonly unsafe struct BrainStore : IStore
{
    public static int Bytes => sizeof(ushort);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Put(byte* to, float value) => *(ushort*)to = BrainFloat.Round(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TFloat Load<TLanes, TFloat, TWord>(byte* from)
        where TLanes : struct, ILanes<TFloat, TWord>
        where TFloat : unmanaged
        where TWord : unmanaged => TLanes.LoadBrain((ushort*)from);
}
