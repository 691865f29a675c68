using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>
/// Keys and values of every layer for a batch of sequences that grow by one token per step. Each row has a length of its
/// own and begins in column 0; columns past its length are never read. Buffers are [rows, kv_heads, capacity, head_dim] per
/// layer and grow by half when full.
/// </summary>
internal sealed class KeyValueCache : IDisposable
{
    private const int SpareColumns = 32;

    private readonly Tensor[] _keys;
    private readonly Tensor[] _values;
    private readonly Transformer _model;
    private int[] _lengths;
    private List<int>[] _tokens;
    private int _capacity;

    /// <param name="model">The model whose keys and values are held.</param>
    /// <param name="lengths">Tokens of each row's prompt. [rows]</param>
    /// <exception cref="ArgumentException">There are no rows, or one is empty.</exception>
    public KeyValueCache(Transformer model, IReadOnlyList<int> lengths)
    {
        if (lengths.Count == 0 || lengths.Min() < 1) throw new ArgumentException("Every row needs at least one token.", nameof(lengths));
        _model = model;
        _lengths = [.. lengths];
        _tokens = [.. lengths.Select(_ => new List<int>())];
        _capacity = lengths.Max() + SpareColumns;
        _keys = [.. Enumerable.Range(0, model.Config.LayerCount).Select(_ => Buffer(Rows))];
        _values = [.. Enumerable.Range(0, model.Config.LayerCount).Select(_ => Buffer(Rows))];
    }

    public int Rows => _lengths.Length;

    /// <summary>Tokens of each row. [rows]</summary>
    public IReadOnlyList<int> Lengths => _lengths;

    /// <summary>Tokens of the longest row.</summary>
    public int Columns => _lengths.Max();

    internal int Capacity => _capacity;

    /// <summary>
    /// Writes prompts' keys and values into consecutive rows. All prompts of the pass have the same length; row
    /// <paramref name="firstRow"/> + i gets prompt <paramref name="promptOfRow"/>[i].
    /// </summary>
    public void Fill(int firstRow, PromptPass prompts, IReadOnlyList<int> promptOfRow)
    {
        using var scope = NewDisposeScope();
        Tensor index = tensor(promptOfRow.Select(p => (long)p).ToArray(), device: _model.Device);
        long length = prompts.Keys[0].shape[2];
        for (int i = 0; i < promptOfRow.Count; i++)
        {
            if (_lengths[firstRow + i] != length) throw new ArgumentException("The prompt's length is not the row's.", nameof(prompts));
            _tokens[firstRow + i] = [.. prompts.Prompts[promptOfRow[i]]];
        }
        Place(firstRow, promptOfRow.Count, prompts, part => part.index_select(0, index));
    }

    /// <summary>Keeps only the given rows, in the given order.</summary>
    public void Keep(IReadOnlyList<int> rows)
    {
        using var scope = NewDisposeScope();
        Tensor index = tensor(rows.Select(r => (long)r).ToArray(), device: _model.Device);
        _lengths = [.. rows.Select(r => _lengths[r])];
        _tokens = [.. rows.Select(r => _tokens[r])];
        Replace(buffer => buffer.index_select(0, index));
    }

    public void Dispose()
    {
        foreach (Tensor buffer in _keys.Concat(_values)) buffer.Dispose();
    }

    /// <summary>Lengthens every row by one token; <see cref="Write"/> then fills its keys and values in every layer.</summary>
    internal void Extend(ReadOnlySpan<int> tokens)
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
        }
        for (int row = 0; row < _lengths.Length; row++)
        {
            _lengths[row]++;
            _tokens[row].Add(tokens[row]);
        }
    }

    /// <summary>Replaces the first columns of a row by those of a pass over one prompt.</summary>
    internal void Overwrite(int row, PromptPass prompt) => Place(row, 1, prompt, part => part);

    /// <summary>What a row was made from, the newest token included.</summary>
    internal int[] TokensOf(int row) => [.. _tokens[row]];

    /// <summary>Where the newest column of each row and head lies among a buffer's vectors of [head_dim]. [rows * kv_heads]</summary>
    internal Tensor NewestPlaces()
    {
        int heads = _model.Config.KeyValueHeadCount;
        long[] places = new long[Rows * heads];
        for (int i = 0; i < places.Length; i++) places[i] = ((long)i * _capacity) + _lengths[i / heads] - 1;
        return tensor(places, device: _model.Device);
    }

    /// <summary>Writes the newest column of a layer; keys and values are [rows, kv_heads, head_dim].</summary>
    internal void Write(int layer, Tensor places, Tensor keys, Tensor values)
    {
        Put(_keys[layer], keys);
        Put(_values[layer], values);

        void Put(Tensor buffer, Tensor newest)
        {
            int dim = _model.Config.HeadDim;
            buffer.view(-1, dim).index_copy_(0, places, newest.reshape(-1, dim));
        }
    }

    /// <summary>A layer's whole buffers. [rows, kv_heads, capacity, head_dim]</summary>
    internal (Tensor Keys, Tensor Values) Layer(int layer) => (_keys[layer], _values[layer]);

    private void Place(int firstRow, int rows, PromptPass pass, Func<Tensor, Tensor> choose)
    {
        for (int layer = 0; layer < _keys.Length; layer++)
        {
            Put(_keys[layer], pass.Keys[layer]);
            Put(_values[layer], pass.Values[layer]);
        }

        void Put(Tensor buffer, Tensor part)
        {
            using var scope = NewDisposeScope();
            buffer.narrow(0, firstRow, rows).narrow(2, 0, part.shape[2]).copy_(choose(part));
        }
    }

    // Zeros, not garbage: a column that is not seen meets the weight 0 in attention, and 0 times NaN is NaN.
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
}
