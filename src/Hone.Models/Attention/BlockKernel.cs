using System.Buffers;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Hone.Models;

/// <summary>
/// One new query per row against the row's own keys and values in blocks, fp32 arithmetic in plain memory. Queries and result
/// are [rows, kv_heads, group, dim]; keys and values [blocks, kv_heads, block tokens, dim] in fp32 or bf16. A row uses its
/// length's columns, or the last of them where there is a window.
/// </summary>
/// <remarks>
/// Rows go through their blocks side by side, so a block that several rows share comes from memory once, and the bf16 values of a
/// block are widened once. The sums of a row are made in the order of its columns, whatever other rows there are.
/// </remarks>
internal sealed unsafe class BlockKernel
{
    private const int BlockTokens = BlockCache.BlockTokens, RowsTogether = 16;

    // Below so many products, waking another core costs more than it brings.
    private const long SpreadFrom = 1 << 20;

    public required float* Queries { get; init; }

    public required void* Keys { get; init; }

    public required void* Values { get; init; }

    public required bool IsBfloat16 { get; init; }

    public required float* Result { get; init; }

    public required int KvHeads { get; init; }

    public required int Group { get; init; }

    public required int Dim { get; init; }

    /// <summary>Each row's blocks, those that its tokens need, and its number of tokens.</summary>
    public required (int[] Blocks, int Length)[] Rows { get; init; }

    /// <summary>The most columns that a row sees.</summary>
    public required int Window { get; init; }

    /// <summary>Factor of the scores.</summary>
    public required float Scale { get; init; }

    /// <summary>Scores s become cap tanh(s / cap); 0 for no cap.</summary>
    public required float Cap { get; init; }

    /// <param name="spread">Whether heads may be spread over the processor's cores.</param>
    public void Attend(bool spread)
    {
        long products = Rows.Sum(r => (long)r.Length) * KvHeads * Group * Dim;
        if (spread && products >= SpreadFrom && KvHeads > 1) Parallel.For(0, KvHeads, AttendHead);
        else for (int head = 0; head < KvHeads; head++) AttendHead(head);
    }

    private void AttendHead(int head)
    {
        int longest = Rows.Max(r => r.Length);
        float[] scratch = ArrayPool<float>.Shared.Rent(Math.Min(RowsTogether, Rows.Length) * Group * longest);
        float[] block = ArrayPool<float>.Shared.Rent(BlockTokens * Dim);
        fixed (float* scores = scratch, widened = block)
        {
            for (int row = 0; row < Rows.Length; row += RowsTogether)
                AttendRows(head, row, Math.Min(Rows.Length, row + RowsTogether), scores, longest, widened);
        }
        ArrayPool<float>.Shared.Return(scratch);
        ArrayPool<float>.Shared.Return(block);
    }

    private void AttendRows(int head, int from, int to, float* scores, int longest, float* widened)
    {
        int blocks = 0;
        for (int row = from; row < to; row++) blocks = Math.Max(blocks, Rows[row].Blocks.Length);
        ForEachBlock(head, from, to, blocks, scores, longest, widened, mix: false);
        for (int row = from; row < to; row++)
        {
            int first = First(row), seen = Rows[row].Length - first;
            for (int g = 0; g < Group; g++)
            {
                Weigh(new Span<float>(scores + ((((long)(row - from) * Group) + g) * longest) + first, seen));
                new Span<float>(Result + At(row, head, g), Dim).Clear();
            }
        }
        ForEachBlock(head, from, to, blocks, scores, longest, widened, mix: true);
    }

    /// <summary>
    /// Blocks outermost, rows inside: products with a block's keys into the scores, or (<paramref name="mix"/>) its values, weighted
    /// by them, into the result.
    /// </summary>
    private void ForEachBlock(int head, int from, int to, int blocks, float* scores, int longest, float* widened, bool mix)
    {
        void* buffer = mix ? Values : Keys;
        int inScratch = -1;
        for (int b = 0; b < blocks; b++)
        {
            for (int row = from; row < to; row++)
            {
                (int[] own, int length) = Rows[row];
                int first = Math.Max(First(row), b * BlockTokens), end = Math.Min(length, (b + 1) * BlockTokens);
                if (first >= end) continue;
                long at = (((long)own[b] * KvHeads) + head) * BlockTokens * Dim;
                if (IsBfloat16 && inScratch != own[b])
                {
                    // What a row has not filled is widened too, and not used.
                    FloatBits.Widen((ushort*)buffer + at, widened, BlockTokens * Dim);
                    inScratch = own[b];
                }
                float* block = (IsBfloat16 ? widened : (float*)buffer + at) + ((first - (b * BlockTokens)) * Dim);
                float* weights = scores + ((long)(row - from) * Group * longest) + first;
                for (int g = 0; g < Group; g++, weights += longest)
                {
                    if (mix) Mix(block, new ReadOnlySpan<float>(weights, end - first), Result + At(row, head, g));
                    else Dots(Queries + At(row, head, g), block, weights, end - first);
                }
            }
        }
    }

    private long At(int row, int head, int g) => (((((long)row * KvHeads) + head) * Group) + g) * Dim;

    private int First(int row) => Math.Max(0, Rows[row].Length - Window);

    private void Weigh(Span<float> scores)
    {
        TensorPrimitives.Multiply(scores, Scale, scores);
        if (Cap > 0)
        {
            TensorPrimitives.Divide(scores, Cap, scores);
            TensorPrimitives.Tanh(scores, scores);
            TensorPrimitives.Multiply(scores, Cap, scores);
        }
        TensorPrimitives.Subtract(scores, TensorPrimitives.Max<float>(scores), scores);
        TensorPrimitives.Exp(scores, scores);
        TensorPrimitives.Multiply(scores, 1 / TensorPrimitives.Sum<float>(scores), scores);
    }

    // Compiled at full optimisation from the first call: one call is a good part of a step, and calls are few.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Dots(float* query, float* keys, float* scores, int count)
    {
        int t = 0;
        for (; t < count - 3; t += 4, keys += 4 * (long)Dim) FourDots(query, keys, Dim).Store(scores + t);
        for (; t < count; t++, keys += Dim) scores[t] = Dot(query, keys, Dim);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Mix(float* values, ReadOnlySpan<float> weights, float* result)
    {
        int d = 0;
        for (; d <= Dim - 32; d += 32) WeightedSum32(values + d, result + d, weights, Dim);
        for (; d < Dim; d++)
        {
            float sum = result[d];
            for (int t = 0; t < weights.Length; t++) sum += weights[t] * values[((long)t * Dim) + d];
            result[d] = sum;
        }
    }

    /// <summary>Products of the query with four neighbouring keys.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> FourDots(float* query, float* keys, int dim)
    {
        int d = 0, width = Vector256<float>.Count;
        Vector256<float> a = default, b = default, c = default, e = default;
        float* keys1 = keys + dim, keys2 = keys1 + dim, keys3 = keys2 + dim;
        for (; d <= dim - width; d += width)
        {
            Vector256<float> q = Vector256.Load(query + d);
            a = Vector256.MultiplyAddEstimate(q, Vector256.Load(keys + d), a);
            b = Vector256.MultiplyAddEstimate(q, Vector256.Load(keys1 + d), b);
            c = Vector256.MultiplyAddEstimate(q, Vector256.Load(keys2 + d), c);
            e = Vector256.MultiplyAddEstimate(q, Vector256.Load(keys3 + d), e);
        }
        Vector128<float> sums = Vector128.Create(Vector256.Sum(a), Vector256.Sum(b), Vector256.Sum(c), Vector256.Sum(e));
        for (; d < dim; d++) sums += Vector128.Create(keys[d], keys1[d], keys2[d], keys3[d]) * query[d];
        return sums;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Dot(float* query, float* key, int dim)
    {
        int d = 0, width = Vector256<float>.Count;
        Vector256<float> sum = default;
        for (; d <= dim - width; d += width)
            sum = Vector256.MultiplyAddEstimate(Vector256.Load(query + d), Vector256.Load(key + d), sum);
        float rest = Vector256.Sum(sum);
        for (; d < dim; d++) rest += query[d] * key[d];
        return rest;
    }

    /// <summary>Adds 32 neighbouring dimensions of the weighted sum of values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WeightedSum32(float* values, float* result, ReadOnlySpan<float> weights, int dim)
    {
        Vector256<float> a = Vector256.Load(result), b = Vector256.Load(result + 8);
        Vector256<float> c = Vector256.Load(result + 16), d = Vector256.Load(result + 24);
        foreach (float weight in weights)
        {
            Vector256<float> w = Vector256.Create(weight);
            a = Vector256.MultiplyAddEstimate(w, Vector256.Load(values), a);
            b = Vector256.MultiplyAddEstimate(w, Vector256.Load(values + 8), b);
            c = Vector256.MultiplyAddEstimate(w, Vector256.Load(values + 16), c);
            d = Vector256.MultiplyAddEstimate(w, Vector256.Load(values + 24), d);
            values += dim;
        }
        a.Store(result);
        b.Store(result + 8);
        c.Store(result + 16);
        d.Store(result + 24);
    }
}
