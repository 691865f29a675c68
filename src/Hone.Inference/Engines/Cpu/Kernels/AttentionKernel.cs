using System.Runtime.CompilerServices;

namespace Hone.Inference.Engines.Cpu;

/// <summary>
/// Queries against one block of 32 cached tokens of one head, with a running softmax (Milakov and Gimelshein 2018, arXiv 1805.02867):
/// a query's sums are scaled down when a larger score comes. Keys lie as two panels of 16 tokens (<see cref="IStore"/>), so that a lane
/// is a token; values as [32, dim]. What a query gets does not depend on how many are computed together. Meanwhile the next block, so
/// many bytes from this one, is asked for: blocks lie scattered, and the processor foresees none.
/// </summary>
internal static unsafe class AttentionKernel<TLanes, TFloat, TWord, TStore>
    where TLanes : struct, ILanes<TFloat, TWord>
    where TFloat : unmanaged
    where TWord : unmanaged
    where TStore : struct, IStore
{
    private const int Tokens = CpuCache.Tokens;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void One(AttentionQuery* query, byte* keys, byte* values, nint next, in AttentionShape shape)
    {
        float* scores = stackalloc float[Tokens];
        float* q = query->Vector;
        int dim = shape.Dim, padded = shape.PaddedDim, width = TLanes.Count;
        for (int t = 0; t < Tokens; t += 2 * width)
        {
            TFloat a = TLanes.Broadcast(0f), b = a;
            int* k = Keys(keys, t, dim), l = Keys(keys, t + width, dim);
            for (int d = 0; d < dim; d += 2, k += TStore.Words, l += TStore.Words)
            {
                CacheLine.Prefetch((byte*)k + next);
                CacheLine.Prefetch((byte*)l + next);
                TFloat x = TLanes.Broadcast(q[d]), y = TLanes.Broadcast(q[d + 1]);
                a = TLanes.MultiplyAdd(x, Even(k), a);
                b = TLanes.MultiplyAdd(x, Even(l), b);
                a = TLanes.MultiplyAdd(y, Odd(k), a);
                b = TLanes.MultiplyAdd(y, Odd(l), b);
            }
            TLanes.Store(a, scores + t);
            TLanes.Store(b, scores + t + width);
        }
        TFloat shrink = TLanes.Broadcast(Weigh(query, scores, shape));
        int first = query->First, end = query->End, step = padded * TStore.Bytes, column = 0;
        // Two at a time, as each waits for its own last sum.
        for (; column <= padded - (2 * width); column += 2 * width)
        {
            float* sum = query->Sum + column;
            TFloat a = TLanes.Multiply(TLanes.Load(sum), shrink), b = TLanes.Multiply(TLanes.Load(sum + width), shrink);
            byte* v = values + (((first * padded) + column) * TStore.Bytes);
            for (int t = first; t < end; t++, v += step)
            {
                CacheLine.Prefetch(v + next);
                TFloat weight = TLanes.Broadcast(scores[t]);
                a = TLanes.MultiplyAdd(weight, Load(v), a);
                b = TLanes.MultiplyAdd(weight, Load(v + (width * TStore.Bytes)), b);
            }
            TLanes.Store(a, sum);
            TLanes.Store(b, sum + width);
        }
        for (; column < padded; column += width)
        {
            TFloat a = TLanes.Multiply(TLanes.Load(query->Sum + column), shrink);
            byte* v = values + (((first * padded) + column) * TStore.Bytes);
            for (int t = first; t < end; t++, v += step) a = TLanes.MultiplyAdd(TLanes.Broadcast(scores[t]), Load(v), a);
            TLanes.Store(a, query->Sum + column);
        }
    }

    /// <summary>The same for four queries.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Four(AttentionQuery* queries, byte* keys, byte* values, nint next, in AttentionShape shape)
    {
        float* scores = stackalloc float[4 * Tokens];
        float* q0 = queries[0].Vector, q1 = queries[1].Vector, q2 = queries[2].Vector, q3 = queries[3].Vector;
        int dim = shape.Dim, padded = shape.PaddedDim, width = TLanes.Count;
        for (int t = 0; t < Tokens; t += 2 * width)
        {
            TFloat a0 = TLanes.Broadcast(0f), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
            int* k = Keys(keys, t, dim), l = Keys(keys, t + width, dim);
            for (int d = 0; d < dim; d += 2, k += TStore.Words, l += TStore.Words)
            {
                CacheLine.Prefetch((byte*)k + next);
                CacheLine.Prefetch((byte*)l + next);
                TFloat x = Even(k), y = Even(l);
                (a0, b0) = (TLanes.MultiplyAdd(TLanes.Broadcast(q0[d]), x, a0), TLanes.MultiplyAdd(TLanes.Broadcast(q0[d]), y, b0));
                (a1, b1) = (TLanes.MultiplyAdd(TLanes.Broadcast(q1[d]), x, a1), TLanes.MultiplyAdd(TLanes.Broadcast(q1[d]), y, b1));
                (a2, b2) = (TLanes.MultiplyAdd(TLanes.Broadcast(q2[d]), x, a2), TLanes.MultiplyAdd(TLanes.Broadcast(q2[d]), y, b2));
                (a3, b3) = (TLanes.MultiplyAdd(TLanes.Broadcast(q3[d]), x, a3), TLanes.MultiplyAdd(TLanes.Broadcast(q3[d]), y, b3));
                (x, y) = (Odd(k), Odd(l));
                int o = d + 1;
                (a0, b0) = (TLanes.MultiplyAdd(TLanes.Broadcast(q0[o]), x, a0), TLanes.MultiplyAdd(TLanes.Broadcast(q0[o]), y, b0));
                (a1, b1) = (TLanes.MultiplyAdd(TLanes.Broadcast(q1[o]), x, a1), TLanes.MultiplyAdd(TLanes.Broadcast(q1[o]), y, b1));
                (a2, b2) = (TLanes.MultiplyAdd(TLanes.Broadcast(q2[o]), x, a2), TLanes.MultiplyAdd(TLanes.Broadcast(q2[o]), y, b2));
                (a3, b3) = (TLanes.MultiplyAdd(TLanes.Broadcast(q3[o]), x, a3), TLanes.MultiplyAdd(TLanes.Broadcast(q3[o]), y, b3));
            }
            float* at = scores + t;
            TLanes.Store(a0, at);
            TLanes.Store(b0, at + width);
            TLanes.Store(a1, at + Tokens);
            TLanes.Store(b1, at + Tokens + width);
            TLanes.Store(a2, at + (2 * Tokens));
            TLanes.Store(b2, at + (2 * Tokens) + width);
            TLanes.Store(a3, at + (3 * Tokens));
            TLanes.Store(b3, at + (3 * Tokens) + width);
        }
        TFloat s0 = TLanes.Broadcast(Weigh(queries, scores, shape)), s1 = TLanes.Broadcast(Weigh(queries + 1, scores + Tokens, shape));
        TFloat s2 = TLanes.Broadcast(Weigh(queries + 2, scores + (2 * Tokens), shape));
        TFloat s3 = TLanes.Broadcast(Weigh(queries + 3, scores + (3 * Tokens), shape));
        int first = Math.Min(Math.Min(queries[0].First, queries[1].First), Math.Min(queries[2].First, queries[3].First));
        int end = Math.Max(Math.Max(queries[0].End, queries[1].End), Math.Max(queries[2].End, queries[3].End));
        float* r0 = queries[0].Sum, r1 = queries[1].Sum, r2 = queries[2].Sum, r3 = queries[3].Sum;
        int step = padded * TStore.Bytes, column = 0;
        for (; column <= padded - (2 * width); column += 2 * width)
        {
            int other = column + width;
            TFloat a0 = TLanes.Multiply(TLanes.Load(r0 + column), s0), b0 = TLanes.Multiply(TLanes.Load(r0 + other), s0);
            TFloat a1 = TLanes.Multiply(TLanes.Load(r1 + column), s1), b1 = TLanes.Multiply(TLanes.Load(r1 + other), s1);
            TFloat a2 = TLanes.Multiply(TLanes.Load(r2 + column), s2), b2 = TLanes.Multiply(TLanes.Load(r2 + other), s2);
            TFloat a3 = TLanes.Multiply(TLanes.Load(r3 + column), s3), b3 = TLanes.Multiply(TLanes.Load(r3 + other), s3);
            byte* v = values + (((first * padded) + column) * TStore.Bytes);
            float* w = scores + first;
            for (int t = first; t < end; t++, v += step, w++)
            {
                CacheLine.Prefetch(v + next);
                TFloat x = Load(v), y = Load(v + (width * TStore.Bytes));
                TFloat w0 = TLanes.Broadcast(w[0]), w1 = TLanes.Broadcast(w[Tokens]);
                TFloat w2 = TLanes.Broadcast(w[2 * Tokens]), w3 = TLanes.Broadcast(w[3 * Tokens]);
                (a0, b0) = (TLanes.MultiplyAdd(w0, x, a0), TLanes.MultiplyAdd(w0, y, b0));
                (a1, b1) = (TLanes.MultiplyAdd(w1, x, a1), TLanes.MultiplyAdd(w1, y, b1));
                (a2, b2) = (TLanes.MultiplyAdd(w2, x, a2), TLanes.MultiplyAdd(w2, y, b2));
                (a3, b3) = (TLanes.MultiplyAdd(w3, x, a3), TLanes.MultiplyAdd(w3, y, b3));
            }
            TLanes.Store(a0, r0 + column);
            TLanes.Store(b0, r0 + other);
            TLanes.Store(a1, r1 + column);
            TLanes.Store(b1, r1 + other);
            TLanes.Store(a2, r2 + column);
            TLanes.Store(b2, r2 + other);
            TLanes.Store(a3, r3 + column);
            TLanes.Store(b3, r3 + other);
        }
        for (; column < padded; column += width)
        {
            TFloat a = TLanes.Multiply(TLanes.Load(r0 + column), s0), b = TLanes.Multiply(TLanes.Load(r1 + column), s1);
            TFloat c = TLanes.Multiply(TLanes.Load(r2 + column), s2), e = TLanes.Multiply(TLanes.Load(r3 + column), s3);
            byte* v = values + (((first * padded) + column) * TStore.Bytes);
            for (int t = first; t < end; t++, v += step)
            {
                TFloat x = Load(v);
                a = TLanes.MultiplyAdd(TLanes.Broadcast(scores[t]), x, a);
                b = TLanes.MultiplyAdd(TLanes.Broadcast(scores[t + Tokens]), x, b);
                c = TLanes.MultiplyAdd(TLanes.Broadcast(scores[t + (2 * Tokens)]), x, c);
                e = TLanes.MultiplyAdd(TLanes.Broadcast(scores[t + (3 * Tokens)]), x, e);
            }
            TLanes.Store(a, r0 + column);
            TLanes.Store(b, r1 + column);
            TLanes.Store(c, r2 + column);
            TLanes.Store(e, r3 + column);
        }
    }

    /// <summary>The keys from a token on, in its panel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int* Keys(byte* keys, int token, int dim) =>
        (int*)(keys + (token / IStore.Panel * dim * IStore.Panel * TStore.Bytes)) + (token % IStore.Panel);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TFloat Even(int* k) => TStore.Even<TLanes, TFloat, TWord>(k);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TFloat Odd(int* k) => TStore.Odd<TLanes, TFloat, TWord>(k);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TFloat Load(byte* v) => TStore.Load<TLanes, TFloat, TWord>(v);

    /// <summary>Makes scores the weights of values, 0 outside the visible ones; returns what earlier sums are multiplied with.</summary>
    private static float Weigh(AttentionQuery* query, float* scores, in AttentionShape shape)
    {
        TFloat most = TLanes.Broadcast(float.NegativeInfinity), scale = TLanes.Broadcast(shape.Scale);
        for (int t = 0; t < Tokens; t += TLanes.Count)
        {
            TFloat s = TLanes.Multiply(TLanes.Load(scores + t), scale);
            if (shape.Cap > 0) s = LaneMath<TLanes, TFloat, TWord>.SoftCap(s, shape.Cap);
            TLanes.Store(s, scores + t);
        }
        for (int t = 0; t < query->First; t++) scores[t] = float.NegativeInfinity;
        for (int t = query->End; t < Tokens; t++) scores[t] = float.NegativeInfinity;
        for (int t = 0; t < Tokens; t += TLanes.Count) most = TLanes.Max(most, TLanes.Load(scores + t));
        float highest = MathF.Max(query->State[0], TLanes.MaxOf(most));
        TFloat total = TLanes.Broadcast(0f), top = TLanes.Broadcast(highest);
        for (int t = 0; t < Tokens; t += TLanes.Count)
            TLanes.Store(LaneMath<TLanes, TFloat, TWord>.Exp(TLanes.Subtract(TLanes.Load(scores + t), top)), scores + t);
        for (int t = 0; t < query->First; t++) scores[t] = 0;
        for (int t = query->End; t < Tokens; t++) scores[t] = 0;
        for (int t = 0; t < Tokens; t += TLanes.Count) total = TLanes.Add(total, TLanes.Load(scores + t));
        float shrink = query->State[0] == highest ? 1 : MathF.Exp(query->State[0] - highest);
        query->State[0] = highest;
        query->State[1] = (query->State[1] * shrink) + TLanes.SumOf(total);
        return shrink;
    }
}

/// <summary>What all queries of a layer have in common.</summary>
/// <param name="Dim">Of a head.</param>
/// <param name="PaddedDim">From one token's values to the next's.</param>
/// <param name="Scale">Factor of the scores.</param>
/// <param name="Cap">Scores s become cap tanh(s / cap); 0 for none.</param>
internal readonly record struct AttentionShape(int Dim, int PaddedDim, float Scale, float Cap);

/// <summary>A query on its way through the blocks that it sees.</summary>
internal unsafe struct AttentionQuery
{
    /// <summary>[dim]</summary>
    public float* Vector;

    /// <summary>Weighted sum of values so far. [padded dim]</summary>
    public float* Sum;

    /// <summary>The highest score so far, and the sum of weights under it. [2]</summary>
    public float* State;

    /// <summary>The tokens of the block that it sees: from <see cref="First"/> up to before <see cref="End"/>.</summary>
    public int First, End;
}
