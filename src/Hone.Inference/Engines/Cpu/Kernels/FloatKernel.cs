using System.Runtime.CompilerServices;

namespace Hone.Inference.Engines.Cpu;

/// <summary>
/// A panel of 16 rows of fp32 or brain float weights times fp32 activations. Each lane is a row of weights; even and odd columns are
/// added up apart, in order, whatever the number of rows.
/// </summary>
internal static unsafe class FloatKernel<TLanes, TFloat, TWord, TStore>
    where TLanes : struct, ILanes<TFloat, TWord>
    where TFloat : unmanaged
    where TWord : unmanaged
    where TStore : struct, IStore
{
    private const int Line = PackedMatrix.PanelRows;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void One(int* panel, int columns, float* x, float* to)
    {
        for (int lane = 0; lane < Line; lane += TLanes.Count)
        {
            int* w = panel + lane;
            TFloat r0 = TLanes.Broadcast(0f), q0 = r0;
            for (int k = 0; k < columns; k += 2, w += TStore.Words)
            {
                r0 = TLanes.MultiplyAdd(TStore.Even<TLanes, TFloat, TWord>(w), TLanes.Broadcast(x[k]), r0);
                q0 = TLanes.MultiplyAdd(TStore.Odd<TLanes, TFloat, TWord>(w), TLanes.Broadcast(x[k + 1]), q0);
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
            for (int k = 0; k < columns; k += 2, w += TStore.Words)
            {
                TFloat even = TStore.Even<TLanes, TFloat, TWord>(w), odd = TStore.Odd<TLanes, TFloat, TWord>(w);
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
