using Hone.Models;

namespace Hone.Inference.Engines.Cpu;

/// <summary>
/// Attention of a pass's rows over their blocks. Heads, and where these are few chunks of sequences, are divided among the workers;
/// each goes through the blocks in order, and all queries that see a block meet it while it is in the processor's cache.
/// </summary>
internal sealed unsafe class CpuAttention : IDisposable
{
    private const int Tile = 4;

    private readonly TransformerConfig _config;
    private readonly CpuCache _cache;
    private readonly CpuKernels _kernels;
    private readonly WorkerPool _pool;
    private readonly int[][] _seeing;
    private readonly NativeBuffer<float> _sums = new(), _states = new();
    private readonly Work _attend;
    private readonly AttentionShape _shape;
    private PassRows _rows = null!;
    private float* _queries, _result;
    private int _layer, _queryStride, _resultStride, _window;

    public CpuAttention(TransformerConfig config, CpuCache cache, CpuKernels kernels, WorkerPool pool)
    {
        (_config, _cache, _kernels, _pool) = (config, cache, kernels, pool);
        _seeing = [.. Enumerable.Range(0, pool.Count).Select(_ => new int[64])];
        float scale = 1 / MathF.Sqrt((float)(config.QueryScalar ?? config.HeadDim));
        _shape = new AttentionShape(config.HeadDim, cache.PaddedDim, scale, (float)(config.AttentionCap ?? 0));
        _attend = Attend;
        bool few = config.KeyValueHeadCount < 2 * pool.Count && pool.Count > 1;
        Chunks = few ? (4 * pool.Count) / config.KeyValueHeadCount : 1;
        SegmentRows = few ? 16 : int.MaxValue;
    }

    /// <summary>Into how many chunks a pass's segments should be divided.</summary>
    public int Chunks { get; }

    /// <summary>The most rows of a segment.</summary>
    public int SegmentRows { get; }

    private int Group => _config.HeadCount / _config.KeyValueHeadCount;

    /// <summary>Rotated queries to the mix of values that they see. Keys and values are in the cache already.</summary>
    /// <param name="queries">[rows, heads * dim], rows <paramref name="queryStride"/> apart.</param>
    /// <param name="result">[rows, heads * dim], rows <paramref name="resultStride"/> apart.</param>
    public void Run(int layer, PassRows rows, float* queries, int queryStride, float* result, int resultStride)
    {
        (_layer, _rows, _queryStride, _resultStride) = (layer, rows, queryStride, resultStride);
        _queries = queries;
        _result = result;
        _window = _config.WindowOf(layer) ?? int.MaxValue;
        _sums.Grow((long)rows.Count * _config.HeadCount * _cache.PaddedDim);
        _states.Grow((long)rows.Count * _config.HeadCount * 2);
        _pool.Run((rows.Chunks.Count - 1) * _config.KeyValueHeadCount, _attend);
    }

    public void Dispose()
    {
        _sums.Dispose();
        _states.Dispose();
    }

    private void Attend(int begin, int end, int worker)
    {
        if (_seeing[worker].Length < _rows.Count) _seeing[worker] = new int[Math.Max(_rows.Count, 2 * _seeing[worker].Length)];
        for (int item = begin; item < end; item++) AttendHead(item / _config.KeyValueHeadCount, item % _config.KeyValueHeadCount, worker);
    }

    private void AttendHead(int chunk, int head, int worker)
    {
        int firstGroup = _rows.Chunks[chunk], endGroup = _rows.Chunks[chunk + 1];
        int chunks = _rows.Chunks.Count - 1, segments = _rows.Segments.Count;
        int firstSegment = (int)((long)segments * chunk / chunks), endSegment = (int)((long)segments * (chunk + 1) / chunks);
        int firstRow = _rows.Segments[firstSegment].Row;
        int endRow = _rows.Segments[endSegment - 1].Row + _rows.Segments[endSegment - 1].Count;
        Begin(head, firstRow, endRow);
        for (int g = firstGroup; g < endGroup; g++)
        {
            Group group = _rows.Groups[g];
            int next = g + 1 < endGroup ? _rows.Groups[g + 1].Block : group.Block;
            AttendBlock(group, next, head, worker);
        }
        End(head, firstRow, endRow);
    }

    private void AttendBlock(Group group, int nextBlock, int head, int worker)
    {
        int[] seeing = _seeing[worker];
        int count = 0, first = group.Place * CpuCache.Tokens;
        for (int m = 0; m < group.Count; m++)
        {
            Segment segment = _rows.Segments[_rows.Members[group.First + m]];
            for (int i = Math.Max(0, first - segment.Start); i < segment.Count; i++)
            {
                if (segment.Start + i - _window >= first + CpuCache.Tokens - 1) break;
                seeing[count++] = segment.Row + i;
            }
        }
        byte* keys = _cache.Keys(group.Block, _layer, head), values = _cache.Values(group.Block, _layer, head);
        nint next = (nint)(_cache.Keys(nextBlock, _layer, head) - keys);
        int heads = Group, queries = count * heads;
        AttentionQuery* tile = stackalloc AttentionQuery[Tile];
        for (int q = 0; q < queries; q += Tile)
        {
            int own = Math.Min(Tile, queries - q);
            for (int i = 0; i < own; i++) tile[i] = Query(seeing[(q + i) / heads], (head * heads) + ((q + i) % heads), first);
            _kernels.Attend(tile, own, keys, values, next, _shape);
        }
    }

    private AttentionQuery Query(int row, int head, int blockStart)
    {
        int position = _rows.Positions[row];
        long at = ((long)row * _config.HeadCount) + head;
        return new AttentionQuery
        {
            Vector = _queries + ((long)row * _queryStride) + (head * _config.HeadDim),
            Sum = _sums.Pointer + (at * _cache.PaddedDim),
            State = _states.Pointer + (2 * at),
            First = (int)Math.Clamp(position + 1L - _window - blockStart, 0, CpuCache.Tokens),
            End = Math.Min(position + 1 - blockStart, CpuCache.Tokens),
        };
    }

    private void Begin(int head, int firstRow, int endRow)
    {
        int heads = Group;
        for (int row = firstRow; row < endRow; row++)
        {
            long at = ((long)row * _config.HeadCount) + (head * heads);
            new Span<float>(_sums.Pointer + (at * _cache.PaddedDim), heads * _cache.PaddedDim).Clear();
            for (long i = at; i < at + heads; i++)
                (_states.Pointer[2 * i], _states.Pointer[(2 * i) + 1]) = (float.NegativeInfinity, 0);
        }
    }

    private void End(int head, int firstRow, int endRow)
    {
        int dim = _config.HeadDim;
        for (int row = firstRow; row < endRow; row++)
        {
            for (int h = head * Group; h < (head + 1) * Group; h++)
            {
                long at = ((long)row * _config.HeadCount) + h;
                var sum = new ReadOnlySpan<float>(_sums.Pointer + (at * _cache.PaddedDim), dim);
                var result = new Span<float>(_result + ((long)row * _resultStride) + (h * dim), dim);
                System.Numerics.Tensors.TensorPrimitives.Multiply(sum, 1 / _states.Pointer[(2 * at) + 1], result);
            }
        }
    }
}
