using System.Runtime.CompilerServices;

namespace Hone.Inference.Engines.Cpu;

/// <summary>
/// A panel of 16 rows of fp32 or brain float weights times fp32 activations. Each lane is a row of weights; even and odd columns are
/// added up apart, in order, whatever the number of rows.
/// </summary>
internal static unsafe class FloatKernel<TLanes, TFloat, TWord, TPairs>
    where TLanes : struct, ILanes<TFloat, TWord>
    where TFloat : unmanaged
    where TWord : unmanaged
    where TPairs : struct, IColumnPairs
{
    private const int Line = PackedMatrix.PanelRows;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void One(int* panel, int columns, float* x, float* to)
    {
        for (int lane = 0; lane < Line; lane += TLanes.Count)
        {
            int* w = panel + lane;
            TFloat r0 = TLanes.Broadcast(0f), q0 = r0;
            for (int k = 0; k < columns; k += 2, w += TPairs.Words)
            {
                r0 = TLanes.MultiplyAdd(TPairs.Even<TLanes, TFloat, TWord>(w), TLanes.Broadcast(x[k]), r0);
                q0 = TLanes.MultiplyAdd(TPairs.Odd<TLanes, TFloat, TWord>(w), TLanes.Broadcast(x[k + 1]), q0);
            }
            TLanes.Store(TLanes.Add(r0, q0), to + lane);
        }
    }

    /// <summary>The same for four rows of activations.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Four(int* panel, int columns, float* x, nint stride, float* to, nint toStride)
    {
        for (int lane = 0; lane < Line; lane += TLanes.Count)
        {
            int* w = panel + lane;
            float* a = x, b = a + stride, c = b + stride, d = c + stride;
            TFloat r0 = TLanes.Broadcast(0f), r1 = r0, r2 = r0, r3 = r0, q0 = r0, q1 = r0, q2 = r0, q3 = r0;
            for (int k = 0; k < columns; k += 2, w += TPairs.Words)
            {
                TFloat even = TPairs.Even<TLanes, TFloat, TWord>(w), odd = TPairs.Odd<TLanes, TFloat, TWord>(w);
                r0 = TLanes.MultiplyAdd(even, TLanes.Broadcast(a[k]), r0);
                r1 = TLanes.MultiplyAdd(even, TLanes.Broadcast(b[k]), r1);
                r2 = TLanes.MultiplyAdd(even, TLanes.Broadcast(c[k]), r2);
                r3 = TLanes.MultiplyAdd(even, TLanes.Broadcast(d[k]), r3);
                q0 = TLanes.MultiplyAdd(odd, TLanes.Broadcast(a[k + 1]), q0);
                q1 = TLanes.MultiplyAdd(odd, TLanes.Broadcast(b[k + 1]), q1);
                q2 = TLanes.MultiplyAdd(odd, TLanes.Broadcast(c[k + 1]), q2);
                q3 = TLanes.MultiplyAdd(odd, TLanes.Broadcast(d[k + 1]), q3);
            }
            float* at = to + lane;
            TLanes.Store(TLanes.Add(r0, q0), at);
            TLanes.Store(TLanes.Add(r1, q1), at + toStride);
            TLanes.Store(TLanes.Add(r2, q2), at + (2 * toStride));
            TLanes.Store(TLanes.Add(r3, q3), at + (3 * toStride));
        }
    }
}

/// <summary>Two neighbouring columns of a panel, as fp32.</summary>
internal unsafe interface IColumnPairs
{
    /// <summary>From one pair to the next.</summary>
    static abstract int Words { get; }

    static abstract TFloat Even<TLanes, TFloat, TWord>(int* w)
        where TLanes : struct, ILanes<TFloat, TWord>
        where TFloat : unmanaged
        where TWord : unmanaged;

    static abstract TFloat Odd<TLanes, TFloat, TWord>(int* w)
        where TLanes : struct, ILanes<TFloat, TWord>
        where TFloat : unmanaged
        where TWord : unmanaged;
}

/// <summary>Two lines of singles.</summary>
internal readonly unsafe struct SinglePairs : IColumnPairs
{
    public static int Words => 2 * PackedMatrix.PanelRows;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TFloat Even<TLanes, TFloat, TWord>(int* w)
        where TLanes : struct, ILanes<TFloat, TWord>
        where TFloat : unmanaged
        where TWord : unmanaged => TLanes.Load((float*)w);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TFloat Odd<TLanes, TFloat, TWord>(int* w)
        where TLanes : struct, ILanes<TFloat, TWord>
        where TFloat : unmanaged
        where TWord : unmanaged => TLanes.Load((float*)w + PackedMatrix.PanelRows);
}

/// <summary>One line of words, each a brain float in its lower and one in its upper half.</summary>
internal readonly unsafe struct BrainPairs : IColumnPairs
{
    public static int Words => PackedMatrix.PanelRows;

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
