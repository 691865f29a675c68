using System.Runtime.CompilerServices;

namespace Hone.Inference.Engines.Cpu;

/// <summary>
/// Queries against one block of 32 cached tokens of one head, with a running softmax (Milakov and Gimelshein 2018, arXiv 1805.02867):
/// a query's sums are scaled down when a larger score comes. Keys lie as [dim, 32], so that a lane is a token; values as [32, dim]. What
/// a query gets does not depend on how many are computed together.
/// </summary>
internal static unsafe class AttentionKernel<TLanes, TFloat, TWord, TStore>
    where TLanes : struct, ILanes<TFloat, TWord>
    where TFloat : unmanaged
    where TWord : unmanaged
    where TStore : struct, IStore
{
    private const int Tokens = CpuCache.Tokens;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void One(AttentionQuery* query, byte* keys, byte* values, in AttentionShape shape)
    {
        float* scores = stackalloc float[Tokens];
        float* q = query->Vector;
        for (int t = 0; t < Tokens; t += 2 * TLanes.Count)
        {
            TFloat a = TLanes.Broadcast(0f), b = a;
            byte* k = keys + (t * TStore.Bytes);
            for (int d = 0; d < shape.Dim; d++, k += Tokens * TStore.Bytes)
            {
                TFloat x = TLanes.Broadcast(q[d]);
                a = TLanes.MultiplyAdd(x, TStore.Load<TLanes, TFloat, TWord>(k), a);
                b = TLanes.MultiplyAdd(x, TStore.Load<TLanes, TFloat, TWord>(k + (TLanes.Count * TStore.Bytes)), b);
            }
            TLanes.Store(a, scores + t);
            TLanes.Store(b, scores + t + TLanes.Count);
        }
        TFloat shrink = TLanes.Broadcast(Weigh(query, scores, shape));
        int first = query->First, end = query->End;
        int width = TLanes.Count, step = shape.PaddedDim * TStore.Bytes, column = 0;
        // Two at a time, as each waits for its own last sum.
        for (; column <= shape.PaddedDim - (2 * width); column += 2 * width)
        {
            float* sum = query->Sum + column;
            TFloat a = TLanes.Multiply(TLanes.Load(sum), shrink), b = TLanes.Multiply(TLanes.Load(sum + width), shrink);
            byte* v = values + (((first * shape.PaddedDim) + column) * TStore.Bytes);
            for (int t = first; t < end; t++, v += step)
            {
                TFloat weight = TLanes.Broadcast(scores[t]);
                a = TLanes.MultiplyAdd(weight, TStore.Load<TLanes, TFloat, TWord>(v), a);
                b = TLanes.MultiplyAdd(weight, TStore.Load<TLanes, TFloat, TWord>(v + (width * TStore.Bytes)), b);
            }
            TLanes.Store(a, sum);
            TLanes.Store(b, sum + width);
        }
        for (; column < shape.PaddedDim; column += width)
        {
            TFloat a = TLanes.Multiply(TLanes.Load(query->Sum + column), shrink);
            byte* v = values + (((first * shape.PaddedDim) + column) * TStore.Bytes);
            for (int t = first; t < end; t++, v += step)
                a = TLanes.MultiplyAdd(TLanes.Broadcast(scores[t]), TStore.Load<TLanes, TFloat, TWord>(v), a);
            TLanes.Store(a, query->Sum + column);
        }
    }

    /// <summary>The same for four queries.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Four(AttentionQuery* queries, byte* keys, byte* values, in AttentionShape shape)
    {
        float* scores = stackalloc float[4 * Tokens];
        float* q0 = queries[0].Vector, q1 = queries[1].Vector, q2 = queries[2].Vector, q3 = queries[3].Vector;
        for (int t = 0; t < Tokens; t += 2 * TLanes.Count)
        {
            TFloat a0 = TLanes.Broadcast(0f), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
            byte* k = keys + (t * TStore.Bytes);
            for (int d = 0; d < shape.Dim; d++, k += Tokens * TStore.Bytes)
            {
                TFloat a = TStore.Load<TLanes, TFloat, TWord>(k), b = TStore.Load<TLanes, TFloat, TWord>(k + (TLanes.Count * TStore.Bytes));
                TFloat x0 = TLanes.Broadcast(q0[d]), x1 = TLanes.Broadcast(q1[d]);
                TFloat x2 = TLanes.Broadcast(q2[d]), x3 = TLanes.Broadcast(q3[d]);
                (a0, b0) = (TLanes.MultiplyAdd(x0, a, a0), TLanes.MultiplyAdd(x0, b, b0));
                (a1, b1) = (TLanes.MultiplyAdd(x1, a, a1), TLanes.MultiplyAdd(x1, b, b1));
                (a2, b2) = (TLanes.MultiplyAdd(x2, a, a2), TLanes.MultiplyAdd(x2, b, b2));
                (a3, b3) = (TLanes.MultiplyAdd(x3, a, a3), TLanes.MultiplyAdd(x3, b, b3));
            }
            float* at = scores + t;
            TLanes.Store(a0, at);
            TLanes.Store(b0, at + TLanes.Count);
            TLanes.Store(a1, at + Tokens);
            TLanes.Store(b1, at + Tokens + TLanes.Count);
            TLanes.Store(a2, at + (2 * Tokens));
            TLanes.Store(b2, at + (2 * Tokens) + TLanes.Count);
            TLanes.Store(a3, at + (3 * Tokens));
            TLanes.Store(b3, at + (3 * Tokens) + TLanes.Count);
        }
        TFloat s0 = TLanes.Broadcast(Weigh(queries, scores, shape)), s1 = TLanes.Broadcast(Weigh(queries + 1, scores + Tokens, shape));
        TFloat s2 = TLanes.Broadcast(Weigh(queries + 2, scores + (2 * Tokens), shape));
        TFloat s3 = TLanes.Broadcast(Weigh(queries + 3, scores + (3 * Tokens), shape));
        int first = Math.Min(Math.Min(queries[0].First, queries[1].First), Math.Min(queries[2].First, queries[3].First));
        int end = Math.Max(Math.Max(queries[0].End, queries[1].End), Math.Max(queries[2].End, queries[3].End));
        for (int d = 0; d < shape.PaddedDim; d += TLanes.Count)
        {
            TFloat a = TLanes.Multiply(TLanes.Load(queries[0].Sum + d), s0), b = TLanes.Multiply(TLanes.Load(queries[1].Sum + d), s1);
            TFloat c = TLanes.Multiply(TLanes.Load(queries[2].Sum + d), s2), e = TLanes.Multiply(TLanes.Load(queries[3].Sum + d), s3);
            byte* at = values + (((first * shape.PaddedDim) + d) * TStore.Bytes);
            for (int t = first; t < end; t++, at += shape.PaddedDim * TStore.Bytes)
            {
                TFloat v = TStore.Load<TLanes, TFloat, TWord>(at);
                a = TLanes.MultiplyAdd(TLanes.Broadcast(scores[t]), v, a);
                b = TLanes.MultiplyAdd(TLanes.Broadcast(scores[t + Tokens]), v, b);
                c = TLanes.MultiplyAdd(TLanes.Broadcast(scores[t + (2 * Tokens)]), v, c);
                e = TLanes.MultiplyAdd(TLanes.Broadcast(scores[t + (3 * Tokens)]), v, e);
            }
            TLanes.Store(a, queries[0].Sum + d);
            TLanes.Store(b, queries[1].Sum + d);
            TLanes.Store(c, queries[2].Sum + d);
            TLanes.Store(e, queries[3].Sum + d);
        }
    }

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
