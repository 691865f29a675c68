using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>
/// The incremental use of a <see cref="Transformer"/>: prompts once, then one token per row and step, attending to the
/// <see cref="KeyValueCache"/>. Runs without gradients; results equal those of <see cref="Transformer.Hidden"/> to rounding.
/// </summary>
/// <remarks>
/// no_grad, not inference mode: the model's rotary tables may grow in here, and training could not use inference tensors.
/// Different threads may run different batches at the same time.
/// </remarks>
internal sealed class Decoder(Transformer model)
{
    public Transformer Model { get; } = model;

    private TransformerConfig Config => Model.Config;

    /// <summary>Runs prompts of equal length.</summary>
    /// <exception cref="ArgumentException">There is no prompt, one is empty, or their lengths differ.</exception>
    public PromptPass Prefill(IReadOnlyList<int[]> prompts)
    {
        if (prompts.Count == 0 || prompts[0].Length == 0 || prompts.Any(p => p.Length != prompts[0].Length))
            throw new ArgumentException("Prompts must be of one length, at least 1.", nameof(prompts));
        return Prefill(prompts, prompts[0].Length);
    }

    /// <summary>Feeds one more token to every row and returns the fp32 logits after it. [rows] to [rows, vocab]</summary>
    /// <exception cref="ArgumentException">There is not one token per row.</exception>
    public Tensor Step(ReadOnlySpan<int> tokens, KeyValueCache cache)
    {
        if (tokens.Length != cache.Rows) throw new ArgumentException($"{tokens.Length} tokens for {cache.Rows} rows.", nameof(tokens));
        using var ungraded = no_grad();
        using var scope = NewDisposeScope();
        cache.Extend(tokens);
        RecomputeRowsInAnotherRegime(cache);
        // Only a row that has finished and still waits in the batch can be past the model's limit.
        int[] lengths = [.. cache.Lengths.Select(length => Math.Min(Config.MaxPositions, length))];
        long[] ids = new long[tokens.Length], positions = new long[tokens.Length];
        for (int row = 0; row < ids.Length; row++) (ids[row], positions[row]) = (tokens[row], lengths[row] - 1);
        var pass = new PassPositions(tensor(positions, device: Model.Device), lengths, lengths.Max());
        Tensor x = Model.Forward(tensor(ids, device: Model.Device), pass, new CacheAttention(cache, Config));
        return Model.Logits(x).MoveToOuterDisposeScope();
    }

    /// <summary>Rotates as in sequences of <paramref name="sequenceLength"/> tokens, of which the prompts may be the beginning.</summary>
    private PromptPass Prefill(IReadOnlyList<int[]> prompts, int sequenceLength)
    {
        using var ungraded = no_grad();
        using var scope = NewDisposeScope();
        int count = prompts.Count, length = prompts[0].Length;
        Tensor tokens = tensor(prompts.SelectMany(p => p).Select(t => (long)t).ToArray(), device: Model.Device);
        Tensor positions = tensor(Enumerable.Range(0, count * length).Select(i => (long)(i % length)).ToArray(), device: Model.Device);
        int[] lengths = new int[count * length];
        Array.Fill(lengths, sequenceLength);
        var attention = new PromptAttention(Config, count, length);
        try
        {
            Tensor x = Model.Forward(tokens, new PassPositions(positions, lengths, sequenceLength), attention);
            Tensor last = Model.Logits(x.view(count, length, -1).select(1, length - 1));
            return new PromptPass(prompts, last.MoveToOuterDisposeScope(), attention.Keys, attention.Values);
        }
        catch
        {
            // They lie in no scope, and nobody will own them.
            foreach (Tensor? part in attention.Keys.Concat(attention.Values)) part?.Dispose();
            throw;
        }
        finally
        {
            attention.Release();
        }
    }

    /// <summary>
    /// A row that has just grown into lengths with other rotary frequencies (longrope) holds keys of the old ones: all of
    /// it is computed again, once. With dynamic scaling, where each length has its own, keys stay as transformers leaves them.
    /// </summary>
    private void RecomputeRowsInAnotherRegime(KeyValueCache cache)
    {
        if (Config.PrefixBoundary is null) return;
        for (int row = 0; row < cache.Rows; row++)
        {
            int length = cache.Lengths[row];
            if (Config.Rope.Regime(length, Config.MaxPositions) == Config.Rope.Regime(length - 1, Config.MaxPositions)) continue;
            int[] before = cache.TokensOf(row)[..^1];
            using PromptPass again = Prefill([before], length);
            cache.Overwrite(row, again);
        }
    }
}
