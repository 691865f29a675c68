using System.Numerics;
using System.Numerics.Tensors;
using Hone.Models;

namespace Hone.Inference.Engines.Cpu;

/// <summary>
/// The formula of <see cref="Block"/> over a pass's rows, in packed weights: x + attention, then x + feed-forward. Each step is a job of
/// the pool, divided by rows or by panels of a matrix; buffers stay from pass to pass.
/// </summary>
internal sealed unsafe class ForwardPass : IDisposable
{
    private const int Panel = PackedMatrix.PanelRows;
    // Below, a job costs more than the rows.
    private const int RowsAlone = 2;

    private readonly PackedModel _model;
    private readonly TransformerConfig _config;
    private readonly CpuKernels _kernels;
    private readonly CpuCache _cache;
    private readonly WorkerPool _pool;
    private readonly CpuAttention _attention;
    private readonly RotaryAngles[] _angles;
    // Which angles each layer rotates by; -1 for none. [layers]
    private readonly int[] _anglesOf;
    private readonly NativeBuffer<float> _x = new(), _normed = new(), _projected = new(), _mixed = new(), _inner = new();
    private readonly NativeBuffer<float>[] _gates;
    private readonly Activations _activations;
    private readonly Work _embed, _normRows, _quantise, _place, _multiply, _gateAndUp, _addRows;
    private readonly int _hiddenStride, _queryStride, _mixedStride, _innerStride;

    private PassRows _rows = null!;
    private LayerWeights _weights = null!;
    private int _layer;
    private float[]? _norm, _normAfter, _bias;
    private PackedMatrix _matrix = null!;
    private float* _from, _to;
    private int _fromStride, _toStride, _projectedRows;

    public ForwardPass(PackedModel model, CpuCache cache, CpuKernels kernels, WorkerPool pool)
    {
        (_model, _config, _cache, _kernels, _pool) = (model, model.Config, cache, kernels, pool);
        _activations = new Activations(bytes: kernels.Path.Native);
        _attention = new CpuAttention(_config, cache, kernels, pool);
        Rope?[] ropes = [.. Enumerable.Range(0, _config.LayerCount).Select(_config.RopeOf)];
        Rope[] distinct = [.. ropes.OfType<Rope>().Distinct()];
        _angles = [.. distinct.Select(rope => new RotaryAngles(rope, _config))];
        _anglesOf = [.. ropes.Select(rope => rope is null ? -1 : Array.IndexOf(distinct, rope))];
        static int Padded(int columns) => PackedMatrix.RoundUp(columns, BlockQuantizer.Block);
        (_hiddenStride, _innerStride) = (Padded(_config.HiddenSize), Padded(_config.IntermediateSize));
        _mixedStride = Padded(_config.HeadCount * _config.HeadDim);
        _queryStride = Padded((_config.HeadCount + (2 * _config.KeyValueHeadCount)) * _config.HeadDim);
        _gates = [.. Enumerable.Range(0, pool.Count).Select(_ => new NativeBuffer<float>())];
        (_embed, _normRows, _quantise, _place) = (Embed, NormRows, Quantise, Place);
        (_multiply, _gateAndUp, _addRows) = (Multiply, GateAndUp, AddRows);
    }

    /// <summary>How segments are to be cut for this pass's attention.</summary>
    public CpuAttention Attention => _attention;

    /// <summary>Hidden states before the last norm. [rows, hidden], rows <see cref="HiddenStride"/> apart</summary>
    public float* Hidden => _x.Pointer;

    public int HiddenStride => _hiddenStride;

    /// <summary>Computes all layers of the rows, and writes their keys and values.</summary>
    public void Run(PassRows rows)
    {
        _rows = rows;
        int n = rows.Count;
        _x.Grow((long)n * _hiddenStride);
        _normed.Grow((long)n * _hiddenStride);
        _projected.Grow((long)n * Math.Max(_queryStride, _hiddenStride));
        _mixed.Grow((long)n * _mixedStride);
        _inner.Grow((long)n * _innerStride);
        foreach (NativeBuffer<float> gate in _gates) gate.Grow(2L * n * Panel);
        foreach (RotaryAngles angles in _angles) angles.Set(rows);
        ByRows(n, _embed);
        for (_layer = 0; _layer < _config.LayerCount; _layer++)
        {
            _weights = _model.Layers[_layer];
            Normed(n, _weights.AttentionIn, _weights.QueryKeyValue);
            Project(n, _weights.QueryKeyValue, _weights.QueryKeyValueBias, _projected.Pointer, _queryStride);
            ByRows(n, _place);
            _attention.Run(_layer, rows, _projected.Pointer, _queryStride, _mixed.Pointer, _mixedStride);
            Prepare(n, _weights.Output, _mixed.Pointer, _mixedStride);
            Project(n, _weights.Output, _weights.OutputBias, _projected.Pointer, _hiddenStride);
            Add(n, _weights.AttentionOut);

            Normed(n, _weights.MlpIn, _weights.GateAndUp);
            _bias = _weights.GateAndUpBias;
            _pool.Run(_weights.GateAndUp.Panels / 2, _gateAndUp);
            Prepare(n, _weights.Down, _inner.Pointer, _innerStride);
            Project(n, _weights.Down, _weights.DownBias, _projected.Pointer, _hiddenStride);
            Add(n, _weights.MlpOut);
        }
    }

    /// <summary>Logits of rows of hidden states. [rows, padded vocabulary], rows <paramref name="stride"/> apart</summary>
    /// <param name="hidden">[rows, hidden], rows <see cref="HiddenStride"/> apart.</param>
    public void Logits(int rows, float* hidden, float* logits, int stride)
    {
        PackedMatrix head = _model.Head;
        _norm = _model.FinalNorm;
        _from = hidden;
        _normed.Grow((long)rows * _hiddenStride);
        _activations.Prepare(head, rows, _normed.Pointer, _hiddenStride);
        ByRows(rows, _normRows);
        Project(rows, head, null, logits, stride);
    }

    public void Dispose()
    {
        _attention.Dispose();
        _activations.Dispose();
        NativeBuffer<float>[] buffers = [_x, _normed, _projected, _mixed, _inner, .. _gates];
        foreach (NativeBuffer<float> buffer in buffers) buffer.Dispose();
    }

    private void ByRows(int rows, Work work)
    {
        if (rows <= RowsAlone) work(0, rows, 0);
        else _pool.Run(rows, work);
    }

    private void Embed(int begin, int end, int worker)
    {
        for (int row = begin; row < end; row++) _model.Embed(_rows.Tokens[row], Row(_x.Pointer, row, _hiddenStride, _config.HiddenSize));
    }

    /// <summary>What goes into a half of the layer, ready to be multiplied.</summary>
    private void Normed(int rows, float[]? norm, PackedMatrix matrix)
    {
        if (norm is null)
        {
            Prepare(rows, matrix, _x.Pointer, _hiddenStride);
            return;
        }
        _norm = norm;
        _from = _x.Pointer;
        _activations.Prepare(matrix, rows, _normed.Pointer, _hiddenStride);
        ByRows(rows, _normRows);
    }

    private void NormRows(int begin, int end, int worker)
    {
        for (int row = begin; row < end; row++)
        {
            Norm(Row(_from, row, _hiddenStride, _config.HiddenSize), _norm!, Row(_normed.Pointer, row, _hiddenStride, _config.HiddenSize));
            _activations.Set(row, _normed.Pointer + ((long)row * _hiddenStride));
        }
    }

    private void Prepare(int rows, PackedMatrix matrix, float* from, int stride)
    {
        _fromStride = stride;
        _from = from;
        _activations.Prepare(matrix, rows, from, stride);
        if (PackedMatrix.IsQuantised(matrix.Format)) ByRows(rows, _quantise);
    }

    private void Quantise(int begin, int end, int worker)
    {
        for (int row = begin; row < end; row++) _activations.Set(row, _from + ((long)row * _fromStride));
    }

    private void Project(int rows, PackedMatrix matrix, float[]? bias, float* to, int stride)
    {
        (_matrix, _bias, _toStride, _projectedRows) = (matrix, bias, stride, rows);
        _to = to;
        _pool.Run((matrix.Panels + 1) / 2, _multiply);
    }

    /// <summary>Pairs of panels: what kernels multiply at once.</summary>
    private void Multiply(int begin, int end, int worker)
    {
        int panel = 2 * begin, panels = Math.Min(2 * end, _matrix.Panels) - panel;
        float* to = _to + (panel * Panel);
        _kernels.Multiply(_matrix, panel, panels, _activations, _projectedRows, to, _toStride);
        if (_bias is not null) AddBias(_bias.AsSpan(panel * Panel, panels * Panel), to, _toStride, _projectedRows);
    }

    private void GateAndUp(int begin, int end, int worker)
    {
        const int Pair = 2 * Panel;
        int rows = _rows.Count;
        float* both = _gates[worker].Pointer;
        for (int pair = begin; pair < end; pair++)
        {
            _kernels.Multiply(_weights.GateAndUp, 2 * pair, 2, _activations, rows, both, Pair);
            if (_bias is not null) AddBias(_bias.AsSpan(pair * Pair, Pair), both, Pair, rows);
            for (int row = 0; row < rows; row++)
            {
                float* gate = both + (row * Pair), to = _inner.Pointer + ((long)row * _innerStride) + (pair * Panel);
                _kernels.Gate(_config.Activation, gate, gate + Panel, to);
            }
        }
    }

    private static void AddBias(ReadOnlySpan<float> bias, float* to, int stride, int rows)
    {
        for (int row = 0; row < rows; row++)
        {
            var y = new Span<float>(to + ((long)row * stride), bias.Length);
            TensorPrimitives.Add(y, bias, y);
        }
    }

    /// <summary>Adds what the half of the layer gave to the rows.</summary>
    private void Add(int rows, float[]? normAfter)
    {
        _normAfter = normAfter;
        ByRows(rows, _addRows);
    }

    private void AddRows(int begin, int end, int worker)
    {
        for (int row = begin; row < end; row++)
        {
            Span<float> x = Row(_x.Pointer, row, _hiddenStride, _config.HiddenSize);
            Span<float> y = Row(_projected.Pointer, row, _hiddenStride, _config.HiddenSize);
            if (_normAfter is not null) Norm(y, _normAfter, y);
            TensorPrimitives.Add(x, y, x);
        }
    }

    /// <summary>Norms and rotation of queries and keys; keys and values go to their places in the cache.</summary>
    private void Place(int begin, int end, int worker)
    {
        int dim = _config.HeadDim, queries = _config.HeadCount * dim, keys = _config.KeyValueHeadCount * dim;
        RotaryAngles? angles = _anglesOf[_layer] is >= 0 and var a ? _angles[a] : null;
        for (int row = begin; row < end; row++)
        {
            float* q = _projected.Pointer + ((long)row * _queryStride), k = q + queries, v = k + keys;
            NormHeads(new Span<float>(q, queries), _weights.QueryNorm);
            NormHeads(new Span<float>(k, keys), _weights.KeyNorm);
            if (angles is not null)
            {
                ReadOnlySpan<float> cos = angles.Cos(row), sin = angles.Sin(row);
                for (int at = 0; at < queries + keys; at += dim) Rotate(q + at, cos, sin);
            }
            int place = _rows.Positions[row] % CpuCache.Tokens, bytes = _kernels.StoreBytes;
            for (int head = 0; head < _config.KeyValueHeadCount; head++)
            {
                byte* key = _cache.Keys(_rows.Homes[row], _layer, head), value = _cache.Values(_rows.Homes[row], _layer, head);
                _kernels.PutKey(k + (head * dim), dim, key, place);
                _kernels.PutValue(v + (head * dim), dim, value + ((long)place * _cache.PaddedDim * bytes));
            }
        }
    }

    private void NormHeads(Span<float> x, float[]? weights)
    {
        if (weights is null) return;
        for (int at = 0; at < x.Length; at += weights.Length)
        {
            Span<float> head = x.Slice(at, weights.Length);
            Norm(head, weights, head);
        }
    }

    private static void Rotate(float* x, ReadOnlySpan<float> cos, ReadOnlySpan<float> sin)
    {
        int half = cos.Length, i = 0;
        for (; i <= half - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector<float> a = Vector.Load(x + i), b = Vector.Load(x + i + half), c = new(cos[i..]), s = new(sin[i..]);
            ((a * c) - (b * s)).Store(x + i);
            ((b * c) + (a * s)).Store(x + i + half);
        }
        for (; i < half; i++)
        {
            (float a, float b) = (x[i], x[i + half]);
            x[i] = (a * cos[i]) - (b * sin[i]);
            x[i + half] = (b * cos[i]) + (a * sin[i]);
        }
    }

    private void Norm(ReadOnlySpan<float> x, float[] weights, Span<float> to)
    {
        float mean = TensorPrimitives.SumOfSquares(x) / x.Length;
        TensorPrimitives.Multiply(x, 1 / MathF.Sqrt(mean + (float)_config.NormEpsilon), to);
        TensorPrimitives.Multiply(to, weights, to);
    }

    private static Span<float> Row(float* from, int row, int stride, int length) => new(from + ((long)row * stride), length);
}
