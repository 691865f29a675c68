using System.Runtime.InteropServices;
using Hone.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Hone.Inference;

/// <summary>
/// The reference engine: the training model's own forward pass over a cache of blocks, on the CPU and on CUDA, in the type that
/// the model computes in. On a device tokens are drawn where the logits are, and only ids come to the host.
/// </summary>
internal sealed class LibtorchEngine : IForwardEngine
{
    // Weights that the processor's caches hold: for them two passes of half the rows with a thread each are much faster than one
    // pass with two threads, which wait for each other at every operation. Larger ones should come from memory once.
    private const long CachedWeights = 32L << 20;

    // Fewer parts for a thread are not worth waking it.
    private const int LeastParts = 4;

    private readonly Transformer _model;
    private readonly BlockCache _cache;
    private readonly Decoder _decoder;
    private readonly int _threads;
    private readonly bool _draws;
    private SingleThreads? _workers;

    /// <param name="model">A language model; stays the caller's, and its weights are read in place at every call.</param>
    /// <param name="draws">Whether it draws tokens; null where the model is not on the CPU, whose logits cost nothing to read.</param>
    public LibtorchEngine(Transformer model, bool? draws = null)
    {
        _model = model;
        _cache = new BlockCache(model);
        _decoder = new Decoder(model, _cache);
        bool split = model.Device.type == DeviceType.CPU && ModelMemory.Weights(model.Config, model.ComputeType) <= CachedWeights;
        _threads = split ? get_num_threads() : 1;
        _draws = draws ?? model.Device.type != DeviceType.CPU;
    }

    /// <inheritdoc/>
    public int BlockTokens => BlockCache.BlockTokens;

    /// <inheritdoc/>
    public long BlockBytes => _cache.BlockBytes;

    /// <inheritdoc/>
    public void Reserve(int count) => _cache.Reserve(count);

    /// <inheritdoc/>
    public void CopyBlocks(IReadOnlyList<(int From, int To)> blocks) => _cache.Copy(blocks);

    /// <inheritdoc/>
    public void Forward(IReadOnlyList<SequencePart> parts, LogitsReader logits, ITokenDraws? draws = null)
    {
        if (!_draws) draws = null;
        int groups = Math.Min(_threads, parts.Count / LeastParts);
        if (groups < 2)
        {
            Run(parts, 0, logits, draws, spread: true);
            return;
        }
        // Neighbours stay together: they are often answers to one prompt, whose blocks they share.
        int tokens = parts.Sum(p => p.Tokens.Length), first = 0, seen = 0;
        var shares = new List<(int First, int End)>();
        for (int i = 0; i < parts.Count; i++)
        {
            seen += parts[i].Tokens.Length;
            if (i + 1 < parts.Count && GoesOn(parts[i], parts[i + 1])) continue;
            if (i + 1 < parts.Count && (long)seen * groups < (long)tokens * (shares.Count + 1)) continue;
            shares.Add((first, i + 1));
            first = i + 1;
        }
        _workers ??= new SingleThreads(_threads);
        _workers.ForEach(shares, share => Run([.. parts.Take(share.First..share.End)], share.First, logits, draws, spread: false));
    }

    public void Dispose()
    {
        _workers?.Dispose();
        _cache.Dispose();
    }

    /// <summary>Whether two neighbours are tokens of one sequence, which must be computed together.</summary>
    private static bool GoesOn(in SequencePart part, in SequencePart next) =>
        ReferenceEquals(part.Blocks, next.Blocks) && next.Start == part.Length;

    private void Run(IReadOnlyList<SequencePart> parts, int first, LogitsReader logits, ITokenDraws? draws, bool spread)
    {
        using Tensor? computed = _decoder.Run(parts, spread);
        if (computed is null) return;
        int[] wanted = [.. Enumerable.Range(0, parts.Count).Where(i => parts[i].WantsLogits)];
        // Of the rows, which are the wanted parts': where the draws of each begin, and which are read.
        var own = new List<TokenDraw>();
        var rows = new List<int>();
        var read = new List<int>();
        for (int row = 0; row < wanted.Length; row++)
        {
            if (draws?.AddTo(own, first + wanted[row]) != true) read.Add(row);
            while (rows.Count < own.Count) rows.Add(row);
        }
        if (own.Count > 0)
        {
            ReadOnlySpan<SampledToken> tokens = TensorSampler.Next(computed, rows, own);
            for (int at = 0, end = 0; at < rows.Count; at = end)
            {
                while (end < rows.Count && rows[end] == rows[at]) end++;
                draws!.Take(first + wanted[rows[at]], tokens[at..end]);
            }
        }
        if (read.Count == 0) return;
        using Tensor left = read.Count == wanted.Length ? computed.alias() : computed.index_select(0, read.OnDevice(computed.device));
        using Tensor host = left.cpu();
        ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(host.bytes);
        int vocabulary = _model.Config.VocabularySize;
        for (int i = 0; i < read.Count; i++) logits(first + wanted[read[i]], values.Slice(i * vocabulary, vocabulary));
    }
}
