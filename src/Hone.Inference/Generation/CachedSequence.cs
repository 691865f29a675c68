namespace Hone.Inference;

/// <summary>
/// Tokens that are being computed, and the answers that wait for what follows them: all answers to a prompt while it is read,
/// one after that. What is computed lies in blocks of the cache, of which others may hold the same.
/// </summary>
internal sealed class CachedSequence(Submission submission, IReadOnlyList<AnswerInProgress> answers)
{
    private readonly List<UInt128> _contents = [];

    public Submission Submission => submission;

    /// <summary>Never empty; they have the same tokens so far.</summary>
    public IReadOnlyList<AnswerInProgress> Answers { get; set; } = answers;

    /// <summary>The blocks that it holds, in order.</summary>
    public List<int> Blocks { get; init; } = [];

    /// <summary>
    /// The first of its blocks that it holds: those before are out of every layer's window, and in their place stands this one's number.
    /// </summary>
    public int FirstBlock { get; set; }

    /// <summary>Tokens that may follow the known ones, to be computed along with the last of them; empty for none.</summary>
    public ReadOnlyMemory<int> Guess { get; set; }

    /// <summary>What guesses for it; null until it has once.</summary>
    public PromptLookup? Lookup { get; set; }

    /// <summary>Tokens whose keys and values lie in its blocks.</summary>
    public int Computed { get; set; }

    /// <summary>All tokens known so far.</summary>
    public int Length => Answers[0].Length;

    public int Remaining => Length - Computed;

    /// <summary>The next tokens to compute.</summary>
    public ReadOnlyMemory<int> Next(int count) => Answers[0].Tokens.Slice(Computed, count);

    /// <summary>What its block of that index holds once its tokens, which must be known, are computed.</summary>
    public UInt128 Contents(int index, int blockTokens)
    {
        while (_contents.Count <= index)
        {
            UInt128 before = _contents.Count == 0 ? UInt128.Zero : _contents[^1];
            _contents.Add(BlockPool.Contents(before, Answers[0].Tokens.Slice(_contents.Count * blockTokens, blockTokens).Span));
        }
        return _contents[index];
    }

    /// <summary>Its answers but the first, each with a sequence of its own that shares what is computed.</summary>
    public IEnumerable<CachedSequence> Fork()
    {
        CachedSequence[] others = [.. Answers.Skip(1).Select(answer =>
            new CachedSequence(submission, [answer]) { Blocks = [.. Blocks], FirstBlock = FirstBlock, Computed = Computed })];
        foreach (CachedSequence other in others) other._contents.AddRange(_contents);
        Answers = [Answers[0]];
        return others;
    }
}
