using static TorchSharp.torch;

namespace Hone.Models.Tests;

/// <summary>Sequences that are read and then go on by a token each, in blocks of their own, whose ids fall.</summary>
internal sealed class DecodedRows : IDisposable
{
    private const int Blocks = 400;

    private readonly Transformer _model;
    private readonly BlockCache _cache;
    private readonly Decoder _decoder;
    private List<(List<int> Tokens, List<int> Blocks)> _rows = [];
    private int _next = Blocks;

    public DecodedRows(Transformer model)
    {
        _model = model;
        _cache = new BlockCache(model);
        _cache.Reserve(Blocks);
        _decoder = new Decoder(model, _cache);
    }

    /// <summary>One more row; the logits after its prompt, read in pieces of that many tokens. [vocab]</summary>
    public Tensor Prompt(int[] tokens, int piece = int.MaxValue)
    {
        _rows.Add(([.. tokens], []));
        Tensor? logits = null;
        for (int at = 0; at < tokens.Length;)
        {
            logits?.Dispose();
            int count = Math.Min(piece, tokens.Length - at);
            logits = _decoder.Run([Part(_rows.Count - 1, at, count)]);
            at += count;
        }
        return logits![0];
    }

    /// <summary>One token more for each row. [rows] to [rows, vocab]</summary>
    public Tensor Step(params int[] tokens)
    {
        for (int row = 0; row < tokens.Length; row++) _rows[row].Tokens.Add(tokens[row]);
        return _decoder.Run([.. _rows.Select((row, i) =>
        {
            int length = row.Tokens.Count;
            bool anew = _model.Config.RotatesAnew(length - 1, length);
            return Part(i, anew ? 0 : length - 1, anew ? length : 1);
        })])!;
    }

    public void Keep(params int[] rows) => _rows = [.. rows.Select(r => _rows[r])];

    /// <summary>The likeliest tokens after a prompt.</summary>
    public static int[] Greedy(Transformer model, int[] ids, int count)
    {
        using var rows = new DecodedRows(model);
        List<int> found = [];
        using var scope = NewDisposeScope();
        found.Add((int)rows.Prompt(ids).argmax().item<long>());
        while (found.Count < count) found.Add((int)rows.Step(found[^1])[0].argmax().item<long>());
        return [.. found];
    }

    public void Dispose() => _cache.Dispose();

    private SequencePart Part(int row, int start, int count)
    {
        (List<int> tokens, List<int> blocks) = _rows[row];
        while (blocks.Count * BlockCache.BlockTokens < start + count) blocks.Add(--_next);
        return new SequencePart(tokens.GetRange(start, count).ToArray(), start, tokens.Count, blocks, start + count == tokens.Count);
    }
}
