using Hone.Models;

namespace Hone.Inference.Engines.Cpu;

/// <summary>
/// Forward passes on the CPU in packed weights and vector instructions. Every matrix is read once per pass for all of its rows, every
/// shared block of the cache once for all sequences that share it. What a token gets does not depend on what else is in a
/// pass, to the bit. In the steady state nothing is allocated.
/// </summary>
/// <remarks>
/// Keys and values are kept in fp32 where the weights are, else as brain floats: half the memory and traffic, and rounding far below
/// that of quantised weights.
/// </remarks>
internal sealed unsafe class CpuEngine : IForwardEngine
{
    /// <summary>Rows that go through the layers together; longer passes go in pieces.</summary>
    public const int RowsAtOnce = 256;

    // Weights that come from memory, not from the processor's caches: then one row costs about as much as a few.
    private const long LeastBytesForGuesses = 32L << 20;

    // Rows of logits that are held at once.
    private const int HeadRows = 32;

    private readonly PackedModel _model;
    private readonly WorkerPool _pool;
    private readonly CpuCache _cache;
    private readonly ForwardPass _pass;
    private readonly PassRows _rows = new();
    private readonly NativeBuffer<float> _hidden = new(), _logits = new();
    private readonly int[] _wanted = new int[HeadRows];
    private readonly Work _deliver;
    private readonly CpuKernels _kernels;
    private readonly int _logitsStride;
    private int _waiting;
    private LogitsReader _reader = null!;

    /// <summary>Packs the weights that the model has now, its adapter merged; later changes need a new engine.</summary>
    /// <param name="threads">Threads that work; 0 for one per core.</param>
    /// <param name="path">How it computes; null for the fastest that the processor has.</param>
    /// <exception cref="InputException">The model is a reward model or has experts.</exception>
    public CpuEngine(Transformer model, CpuFormat format, int threads = 0, CpuPath? path = null)
    {
        TransformerConfig config = model.Config;
        if (config.IsRewardModel)
            throw new InputException("a reward model has no vocabulary head and cannot generate text", fix: "Use a language model.");
        if (config.Experts is not null)
            throw new InputException($"the CPU engine does not run mixtures of experts ({config.Family})", fix: "Use the libtorch engine.");
        _kernels = CpuKernels.Of(path ?? CpuKernels.Paths.First(), singleCache: format == CpuFormat.Float32);
        _model = new PackedModel(model, format);
        GuessesPay = BytesPerPass > LeastBytesForGuesses;
        _pool = new WorkerPool(threads == 0 ? Environment.ProcessorCount : threads);
        _cache = new CpuCache(config.LayerCount, config.KeyValueHeadCount, config.HeadDim, _kernels.StoreBytes);
        _pass = new ForwardPass(_model, _cache, _kernels, _pool);
        _logitsStride = _model.Head.Panels * PackedMatrix.PanelRows;
        _deliver = Deliver;
    }

    /// <inheritdoc/>
    public int BlockTokens => CpuCache.Tokens;

    /// <inheritdoc/>
    public long BlockBytes => _cache.BlockBytes;

    /// <inheritdoc/>
    public bool GuessesPay { get; }

    /// <summary>Bytes of the matrices that a decoded token reads.</summary>
    public long BytesPerPass => _model.BytesPerPass;

    /// <inheritdoc/>
    public void Reserve(int count) => _cache.Reserve(count);

    /// <inheritdoc/>
    public void CopyBlocks(IReadOnlyList<(int From, int To)> blocks)
    {
        foreach ((int from, int to) in blocks) _cache.Copy(from, to);
    }

    /// <inheritdoc/>
    public void Forward(IReadOnlyList<SequencePart> parts, LogitsReader logits, ITokenDraws? draws = null)
    {
        (_reader, _waiting) = (logits, 0);
        int part = 0, offset = 0;
        while (part < parts.Count)
        {
            _rows.Clear();
            while (part < parts.Count && _rows.Count < RowsAtOnce)
            {
                SequencePart sequence = parts[part];
                Check(sequence, offset);
                int count = Math.Min(sequence.Tokens.Length - offset, RowsAtOnce - _rows.Count);
                _rows.Add(part, sequence, offset, count, _pass.Attention.SegmentRows);
                offset += count;
                if (offset == sequence.Tokens.Length) (part, offset) = (part + 1, 0);
            }
            _rows.Group(parts, _pass.Attention.Chunks, _cache.Count);
            _pass.Run(_rows);
            CollectWanted(parts);
        }
        Finish();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _pool.Dispose();
        _pass.Dispose();
        _cache.Dispose();
        _model.Dispose();
        _hidden.Dispose();
        _logits.Dispose();
    }

    private void Check(in SequencePart sequence, int offset)
    {
        if (offset > 0) return;
        if (sequence.Tokens.Length == 0) throw new ArgumentException("A part has no tokens.");
        int needed = (sequence.Start + sequence.Tokens.Length + CpuCache.Tokens - 1) / CpuCache.Tokens;
        if (sequence.Blocks.Count < needed) throw new ArgumentException($"A part has {sequence.Blocks.Count} blocks and needs {needed}.");
        for (int i = 0; i < needed; i++)
            if ((uint)sequence.Blocks[i] >= (uint)_cache.Count) throw new ArgumentException($"Block {sequence.Blocks[i]} is not reserved.");
        foreach (int token in sequence.Tokens.Span)
            if ((uint)token >= (uint)_model.Config.VocabularySize) throw new ArgumentException($"There is no token {token}.");
    }

    /// <summary>Keeps the hidden states of last tokens until there are enough of them for the head.</summary>
    private void CollectWanted(IReadOnlyList<SequencePart> parts)
    {
        int stride = _pass.HiddenStride;
        for (int s = 0; s < _rows.Segments.Count; s++)
        {
            Segment segment = _rows.Segments[s];
            SequencePart sequence = parts[segment.Part];
            if (!sequence.WantsLogits || segment.Start + segment.Count != sequence.Start + sequence.Tokens.Length) continue;
            _hidden.Grow((long)HeadRows * stride);
            float* from = _pass.Hidden + ((segment.Row + segment.Count - 1L) * stride);
            new ReadOnlySpan<float>(from, stride).CopyTo(new Span<float>(_hidden.Pointer + ((long)_waiting * stride), stride));
            _wanted[_waiting++] = segment.Part;
            if (_waiting == HeadRows) Finish();
        }
    }

    private void Finish()
    {
        if (_waiting == 0) return;
        _logits.Grow((long)_waiting * _logitsStride);
        _pass.Logits(_waiting, _hidden.Pointer, _logits.Pointer, _logitsStride);
        _pool.Run(_waiting, _deliver);
        _waiting = 0;
    }

    private void Deliver(int begin, int end, int worker)
    {
        for (int i = begin; i < end; i++)
        {
            float* logits = _logits.Pointer + ((long)i * _logitsStride);
            if (_model.Config.LogitCap is { } cap) _kernels.SoftCap(logits, _logitsStride, (float)cap);
            _reader(_wanted[i], new ReadOnlySpan<float>(logits, _model.Config.VocabularySize));
        }
    }
}
