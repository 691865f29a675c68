using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>
/// Keys and values of every layer for a batch of sequences that grow by one token per step. Sequences are aligned at the
/// right: the newest token of each row lies in the same column, and a row shorter than the longest begins after a gap.
/// Gaps are known by length, never by a padding id. Buffers are [rows, kv_heads, capacity, head_dim] per layer and grow
/// by half when full.
/// </summary>
public sealed class KeyValueCache : IDisposable
{
    private const int SpareColumns = 32;

    private readonly Tensor[] _keys;
    private readonly Tensor[] _values;
    private readonly Llama _model;
    private readonly bool _anyGap;
    private int _capacity;
    private Tensor? _mask;

    /// <param name="model">The model whose keys and values are held.</param>
    /// <param name="lengths">Tokens of each row's prompt. [rows]</param>
    /// <exception cref="ArgumentException">There are no rows, or one is empty.</exception>
    public KeyValueCache(Llama model, IReadOnlyList<int> lengths)
    {
        if (lengths.Count == 0 || lengths.Min() < 1) throw new ArgumentException("Every row needs at least one token.", nameof(lengths));
        _model = model;
        Columns = lengths.Max();
        Gaps = [.. lengths.Select(length => Columns - length)];
        _anyGap = Gaps.Any(gap => gap > 0);
        _capacity = Columns + SpareColumns;
        _keys = [.. Enumerable.Range(0, model.Config.LayerCount).Select(_ => Buffer(Rows))];
        _values = [.. Enumerable.Range(0, model.Config.LayerCount).Select(_ => Buffer(Rows))];
    }

    public int Rows => Gaps.Length;

    /// <summary>Columns in use: the tokens of the longest row.</summary>
    public int Columns { get; private set; }

    /// <summary>Unused columns at the left of each row. [rows]</summary>
    internal int[] Gaps { get; private set; }

    internal int Capacity => _capacity;

    /// <summary>
    /// Writes prompts' keys and values into consecutive rows. All prompts of the pass have the same length; row
    /// <paramref name="firstRow"/> + i gets prompt <paramref name="promptOfRow"/>[i].
    /// </summary>
    public void Fill(int firstRow, PromptPass prompts, IReadOnlyList<int> promptOfRow)
    {
        using var scope = NewDisposeScope();
        Tensor index = tensor(promptOfRow.Select(p => (long)p).ToArray(), device: _model.Device);
        for (int layer = 0; layer < _keys.Length; layer++)
        {
            Place(_keys[layer], prompts.Keys[layer]);
            Place(_values[layer], prompts.Values[layer]);
        }

        void Place(Tensor buffer, Tensor source)
        {
            long length = source.shape[2];
            if (Gaps[firstRow] != Columns - length) throw new ArgumentException("The prompt's length is not the row's.", nameof(prompts));
            buffer.narrow(0, firstRow, promptOfRow.Count).narrow(2, Columns - length, length).copy_(source.index_select(0, index));
        }
    }

    /// <summary>Keeps only the given rows, in the given order.</summary>
    public void Keep(IReadOnlyList<int> rows)
    {
        using var scope = NewDisposeScope();
        Tensor index = tensor(rows.Select(r => (long)r).ToArray(), device: _model.Device);
        Gaps = [.. rows.Select(r => Gaps[r])];
        Replace(buffer => buffer.index_select(0, index));
        DropMask();
    }

    public void Dispose()
    {
        foreach (Tensor buffer in _keys.Concat(_values)) buffer.Dispose();
        DropMask();
    }

    /// <summary>Makes room for one more column and counts it as used; <see cref="Write"/> then fills it in every layer.</summary>
    internal void Extend()
    {
        if (Columns == _capacity)
        {
            int used = _capacity;
            _capacity += Math.Max(SpareColumns, _capacity / 2);
            using var scope = NewDisposeScope();
            Replace(buffer =>
            {
                Tensor larger = Buffer(Rows);
                larger.narrow(2, 0, used).copy_(buffer);
                return larger;
            });
            DropMask();
        }
        Columns++;
    }

    /// <summary>Writes the newest column of a layer; keys and values are [rows, kv_heads, head_dim].</summary>
    internal void Write(int layer, Tensor keys, Tensor values)
    {
        _keys[layer].select(2, Columns - 1).copy_(keys);
        _values[layer].select(2, Columns - 1).copy_(values);
    }

    /// <summary>A layer's whole buffers. [rows, kv_heads, capacity, head_dim]</summary>
    internal (Tensor Keys, Tensor Values) Layer(int layer) => (_keys[layer], _values[layer]);

    /// <summary>Added to attention scores: -inf in gaps, else 0 [rows, 1, 1, columns]; null when no row has a gap.</summary>
    internal Tensor? Mask()
    {
        if (!_anyGap) return null;
        _mask ??= BuildMask();
        return _mask.narrow(3, 0, Columns);
    }

    private Tensor BuildMask()
    {
        float[] mask = new float[Rows * _capacity];
        for (int row = 0; row < Rows; row++) mask.AsSpan(row * (int)_capacity, Gaps[row]).Fill(float.NegativeInfinity);
        return tensor(mask, [Rows, 1, 1, _capacity], dtype: _model.ComputeType, device: _model.Device).DetachFromDisposeScope();
    }

    // Zeros, not garbage: a gap's values meet the weight 0 in attention, and 0 times NaN is NaN.
    private Tensor Buffer(int rows) =>
        zeros([rows, _model.Config.KeyValueHeadCount, _capacity, _model.Config.HeadDim], dtype: _model.ComputeType, device: _model.Device)
            .DetachFromDisposeScope();

    private void Replace(Func<Tensor, Tensor> make)
    {
        foreach (Tensor[] buffers in (Tensor[][])[_keys, _values])
        {
            for (int layer = 0; layer < buffers.Length; layer++)
            {
                Tensor old = buffers[layer];
                buffers[layer] = make(old).DetachFromDisposeScope();
                old.Dispose();
            }
        }
    }

    private void DropMask()
    {
        _mask?.Dispose();
        _mask = null;
    }
}
