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

    /// <param name="to">[rows, panels * 16], <paramref name="toStride"/> apart.</param>
    public static void Multiply(PackedMatrix matrix, int panel, int panels, Activations x, int rows, float* to, nint toStride)
    {
        int columns = matrix.PaddedColumns, own;
        for (int end = panel + panels; panel < end; panel += own, to += own * Line)
        {
            own = TLanes.Count == Line && panel + 1 < end ? 2 : 1;
            int* first = (int*)matrix.Panel(panel), last = (int*)matrix.Panel(panel + own - 1);
            float* at = to;
            int row = 0;
            for (; row <= rows - 4; row += 4, at += 4 * toStride)
            {
                if (own == 2) FourOfTwo(first, last, columns, (float*)x.At(row), x.Stride, at, toStride);
                else Four(first, columns, (float*)x.At(row), x.Stride, at, toStride);
            }
            for (; row < rows; row++, at += toStride)
            {
                One(first, columns, (float*)x.At(row), at);
                if (own == 2) One(last, columns, (float*)x.At(row), at + Line);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One(int* panel, int columns, float* x, float* to)
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
    private static void Four(int* panel, int columns, float* x, nint stride, float* to, nint toStride)
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

    /// <summary>
    /// The same for four rows and two panels, where a vector holds a whole panel's lane: an activation is brought into a register once
    /// for both, which as an operand in memory holds the products up.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourOfTwo(int* panel, int* other, int columns, float* x, nint stride, float* to, nint toStride)
    {
        float* a = x, b = a + stride, c = b + stride, d = c + stride;
        TFloat r0 = TLanes.Broadcast(0f), r1 = r0, r2 = r0, r3 = r0, q0 = r0, q1 = r0, q2 = r0, q3 = r0;
        TFloat s0 = r0, s1 = r0, s2 = r0, s3 = r0, t0 = r0, t1 = r0, t2 = r0, t3 = r0;
        for (int k = 0; k < columns; k += 2, panel += TStore.Words, other += TStore.Words)
        {
            TFloat even = TStore.Even<TLanes, TFloat, TWord>(panel), odd = TStore.Odd<TLanes, TFloat, TWord>(panel);
            TFloat even2 = TStore.Even<TLanes, TFloat, TWord>(other), odd2 = TStore.Odd<TLanes, TFloat, TWord>(other);
            TFloat y = TLanes.Broadcast(a[k]);
            (r0, s0) = (TLanes.MultiplyAdd(even, y, r0), TLanes.MultiplyAdd(even2, y, s0));
            y = TLanes.Broadcast(b[k]);
            (r1, s1) = (TLanes.MultiplyAdd(even, y, r1), TLanes.MultiplyAdd(even2, y, s1));
            y = TLanes.Broadcast(c[k]);
            (r2, s2) = (TLanes.MultiplyAdd(even, y, r2), TLanes.MultiplyAdd(even2, y, s2));
            y = TLanes.Broadcast(d[k]);
            (r3, s3) = (TLanes.MultiplyAdd(even, y, r3), TLanes.MultiplyAdd(even2, y, s3));
            y = TLanes.Broadcast(a[k + 1]);
            (q0, t0) = (TLanes.MultiplyAdd(odd, y, q0), TLanes.MultiplyAdd(odd2, y, t0));
            y = TLanes.Broadcast(b[k + 1]);
            (q1, t1) = (TLanes.MultiplyAdd(odd, y, q1), TLanes.MultiplyAdd(odd2, y, t1));
            y = TLanes.Broadcast(c[k + 1]);
            (q2, t2) = (TLanes.MultiplyAdd(odd, y, q2), TLanes.MultiplyAdd(odd2, y, t2));
            y = TLanes.Broadcast(d[k + 1]);
            (q3, t3) = (TLanes.MultiplyAdd(odd, y, q3), TLanes.MultiplyAdd(odd2, y, t3));
        }
        float* next = to + Line;
        TLanes.Store(TLanes.Add(r0, q0), to);
        TLanes.Store(TLanes.Add(s0, t0), next);
        TLanes.Store(TLanes.Add(r1, q1), to + toStride);
        TLanes.Store(TLanes.Add(s1, t1), next + toStride);
        TLanes.Store(TLanes.Add(r2, q2), to + (2 * toStride));
        TLanes.Store(TLanes.Add(s2, t2), next + (2 * toStride));
        TLanes.Store(TLanes.Add(r3, q3), to + (3 * toStride));
        TLanes.Store(TLanes.Add(s3, t3), next + (3 * toStride));
    }
}
