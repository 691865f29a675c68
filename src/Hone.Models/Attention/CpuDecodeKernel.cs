using System.Buffers;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Hone.Models;

/// <summary>
/// One new query per row against the row's own keys and values, fp32 in plain memory. Queries and result are
/// [rows, kv_heads, group, dim]; keys and values [rows, kv_heads, capacity, dim], of which each row uses its length's
/// columns, or the last of them where there is a window. Runs on the calling thread: engines give each thread its own rows.
/// </summary>
internal sealed unsafe class CpuDecodeKernel
{
    public required float* Queries { get; init; }

    public required float* Keys { get; init; }

    public required float* Values { get; init; }

    public required float* Result { get; init; }

    public required int KvHeads { get; init; }

    public required int Group { get; init; }

    public required int Dim { get; init; }

    public required int Capacity { get; init; }

    /// <summary>Tokens of each row. [rows]</summary>
    public required IReadOnlyList<int> Lengths { get; init; }

    /// <summary>The most columns that a row sees.</summary>
    public required int Window { get; init; }

    /// <summary>Factor of the scores.</summary>
    public required float Scale { get; init; }

    /// <summary>Scores s become cap tanh(s / cap); 0 for no cap.</summary>
    public required float Cap { get; init; }

    public void AttendRows()
    {
        float[] scratch = ArrayPool<float>.Shared.Rent(Lengths.Max());
        for (int row = 0; row < Lengths.Count; row++)
        {
            int first = Math.Max(0, Lengths[row] - Window), seen = Lengths[row] - first;
            for (int head = 0; head < KvHeads; head++)
            {
                long cached = (((((long)row * KvHeads) + head) * Capacity) + first) * Dim;
                for (int g = 0; g < Group; g++)
                {
                    long at = (((((long)row * KvHeads) + head) * Group) + g) * Dim;
                    AttendHead(Queries + at, Keys + cached, Values + cached, Result + at, scratch.AsSpan(0, seen));
                }
            }
        }
        ArrayPool<float>.Shared.Return(scratch);
    }

    // Compiled at full optimisation from the first call: one call is a good part of a step, and calls are few.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AttendHead(float* query, float* keys, float* values, float* result, Span<float> scores)
    {
        float scale = Scale;
        int t = 0;
        for (; t < scores.Length - 3; t += 4, keys += 4 * (long)Dim) (FourDots(query, keys, Dim) * scale).CopyTo(scores[t..]);
        for (; t < scores.Length; t++, keys += Dim) scores[t] = Dot(query, keys, Dim) * scale;
        if (Cap > 0)
        {
            TensorPrimitives.Divide(scores, Cap, scores);
            TensorPrimitives.Tanh(scores, scores);
            TensorPrimitives.Multiply(scores, Cap, scores);
        }
        TensorPrimitives.Subtract(scores, TensorPrimitives.Max<float>(scores), scores);
        TensorPrimitives.Exp(scores, scores);
        float norm = 1 / TensorPrimitives.Sum<float>(scores);
        int d = 0;
        for (; d <= Dim - 32; d += 32) WeightedSum32(values + d, result + d, scores, norm, Dim);
        for (; d < Dim; d++)
        {
            float sum = 0;
            for (t = 0; t < scores.Length; t++) sum += scores[t] * values[((long)t * Dim) + d];
            result[d] = sum * norm;
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

    /// <summary>32 neighbouring dimensions of the weighted sum of values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WeightedSum32(float* values, float* result, ReadOnlySpan<float> weights, float norm, int dim)
    {
        Vector256<float> a = default, b = default, c = default, d = default;
        foreach (float weight in weights)
        {
            Vector256<float> w = Vector256.Create(weight);
            a = Vector256.MultiplyAddEstimate(w, Vector256.Load(values), a);
            b = Vector256.MultiplyAddEstimate(w, Vector256.Load(values + 8), b);
            c = Vector256.MultiplyAddEstimate(w, Vector256.Load(values + 16), c);
            d = Vector256.MultiplyAddEstimate(w, Vector256.Load(values + 24), d);
            values += dim;
        }
        (a * norm).Store(result);
        (b * norm).Store(result + 8);
        (c * norm).Store(result + 16);
        (d * norm).Store(result + 24);
    }
}
