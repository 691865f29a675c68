using Hone.Models;

namespace Hone.Inference.Tests;

/// <summary>Passes everything on to libtorch and keeps what went through; passes that hold a token that it must not see fail.</summary>
/// <param name="drawsItself">Whether libtorch draws tokens itself, as on a device.</param>
internal sealed class RecordingEngine(Transformer model, int forbidden = -1, bool drawsItself = false) : IForwardEngine
{
    private readonly LibtorchEngine _inner = new(model, drawsItself);
    private int _read;

    /// <summary>Start and number of tokens of each part, pass by pass.</summary>
    public List<(int Start, int Count)[]> Passes { get; } = [];

    public int Tokens => Passes.Sum(p => p.Sum(part => part.Count));

    /// <summary>Rows of logits that came to the host.</summary>
    public int Read => _read;

    public int MostBlocks { get; private set; }

    /// <summary>Thrown once, in place of giving memory.</summary>
    public Exception? NoMemory { get; set; }

    public int BlockTokens => _inner.BlockTokens;

    public long BlockBytes => _inner.BlockBytes;

    public void Reserve(int count)
    {
        if (NoMemory is { } failure)
        {
            NoMemory = null;
            throw failure;
        }
        MostBlocks = Math.Max(MostBlocks, count);
        _inner.Reserve(count);
    }

    public void CopyBlocks(IReadOnlyList<(int From, int To)> blocks) => _inner.CopyBlocks(blocks);

    public void Forward(IReadOnlyList<SequencePart> parts, LogitsReader logits, ITokenDraws? draws = null)
    {
        if (parts.Any(p => p.Tokens.Span.Contains(forbidden))) throw new InvalidOperationException("the engine's own failure");
        Passes.Add([.. parts.Select(p => (p.Start, p.Tokens.Length))]);
        _inner.Forward(parts, (part, row) =>
        {
            Interlocked.Increment(ref _read);
            logits(part, row);
        }, draws);
    }

    public void Dispose() => _inner.Dispose();
}
