using System.Threading.Channels;

namespace Hone.Inference;

/// <summary>Requests that came together, from <see cref="IGenerationEngine.Submit"/> to their end.</summary>
internal sealed class Submission
{
    private readonly Channel<GeneratedToken> _tokens = Channel.CreateUnbounded<GeneratedToken>();
    private readonly TaskCompletionSource<IReadOnlyList<Completion>> _completions = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationToken _cancel;
    private readonly AnswerInProgress[] _answers;
    private CancellationTokenRegistration _registration;

    /// <param name="answers">Makes the answers of this submission, in their order.</param>
    public Submission(Func<Submission, IEnumerable<AnswerInProgress>> answers, CancellationToken cancel)
    {
        _cancel = cancel;
        _answers = [.. answers(this)];
        // Answers to equal prompts wait for one reading of it.
        Searches.AddRange(_answers.Where(a => a.Options.Beams > 1).GroupBy(a => a.RequestIndex).Select(g => new BeamSearch([.. g])));
        IEnumerable<AnswerInProgress> single = _answers.Where(a => a.Options.Beams == 1);
        foreach (IGrouping<int[], AnswerInProgress> same in single.GroupBy(a => a.Prompt, EqualTokens.Instance))
            Waiting.AddLast(new CachedSequence(this, [.. same]));
        Stream = new GenerationStream(_tokens.Reader.ReadAllAsync(CancellationToken.None), _completions.Task);
    }

    public GenerationStream Stream { get; }

    /// <summary>What is not being computed, in order.</summary>
    public LinkedList<CachedSequence> Waiting { get; } = [];

    /// <summary>Its beam searches that are not over.</summary>
    public List<BeamSearch> Searches { get; } = [];

    /// <summary>How many of its sequences are being computed.</summary>
    public int Running { get; set; }

    /// <summary>Why it cannot go on; null as long as it can.</summary>
    public Exception? Failure { get; set; }

    public bool IsCancelled => _cancel.IsCancellationRequested;

    public bool IsComplete => Running == 0 && Waiting.Count == 0 && Searches.Count == 0;

    /// <summary>Calls back at cancellation, until the end; at once where it has come already.</summary>
    public void OnCancelled(Action<Submission> call) => _registration = _cancel.UnsafeRegister(_ => call(this), null);

    public void Write(GeneratedToken token) => _tokens.Writer.TryWrite(token);

    /// <summary>Tells how it ended: well where every answer is complete, with its failure, or as cancelled.</summary>
    public void End()
    {
        _registration.Dispose();
        if (_answers.All(a => a.Completion is not null))
        {
            _tokens.Writer.TryComplete();
            _completions.TrySetResult([.. _answers.Select(a => a.Completion!)]);
        }
        else if (Failure is null || IsCancelled)
        {
            _tokens.Writer.TryComplete(new OperationCanceledException(_cancel));
            _completions.TrySetCanceled(_cancel);
        }
        else
        {
            _tokens.Writer.TryComplete(Failure);
            _completions.TrySetException(Failure);
        }
    }

    private sealed class EqualTokens : IEqualityComparer<int[]>
    {
        public static EqualTokens Instance { get; } = new();

        public bool Equals(int[]? x, int[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(int[] tokens)
        {
            var hash = new HashCode();
            hash.AddBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(tokens.AsSpan()));
            return hash.ToHashCode();
        }
    }
}
