using System.Threading.Channels;

namespace Hone.Inference;

/// <summary>Requests that came together, from <see cref="IGenerationEngine.Submit"/> to their end.</summary>
internal sealed class Submission
{
    private readonly Channel<GeneratedToken> _tokens = Channel.CreateUnbounded<GeneratedToken>();
    private readonly TaskCompletionSource<IReadOnlyList<Completion>> _completions = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationToken _cancel;
    private CancellationTokenRegistration _registration;
    private int _open;

    /// <param name="answers">Makes the answers of this submission.</param>
    public Submission(Func<Submission, IEnumerable<AnswerInProgress>> answers, CancellationToken cancel)
    {
        _cancel = cancel;
        Answers = [.. answers(this)];
        _open = Answers.Count;
        Stream = new GenerationStream(_tokens.Reader.ReadAllAsync(CancellationToken.None), _completions.Task);
    }

    public IReadOnlyList<AnswerInProgress> Answers { get; }

    public GenerationStream Stream { get; }

    public bool IsCancelled => _cancel.IsCancellationRequested;

    /// <summary>Calls back at cancellation, until the end; at once where it has come already.</summary>
    public void OnCancelled(Action<Submission> call) => _registration = _cancel.UnsafeRegister(_ => call(this), null);

    public void Write(GeneratedToken token) => _tokens.Writer.TryWrite(token);

    /// <summary>Counts an answer that has left its batch; true for the last one.</summary>
    public bool Leave() => Interlocked.Decrement(ref _open) == 0;

    /// <summary>Tells how it ended: well where every answer is complete, with <paramref name="failure"/>, or as cancelled.</summary>
    public void End(Exception? failure = null)
    {
        _registration.Dispose();
        if (Answers.All(a => a.Completion is not null))
        {
            _tokens.Writer.TryComplete();
            _completions.TrySetResult([.. Answers.Select(a => a.Completion!)]);
        }
        else if (failure is null || IsCancelled)
        {
            _tokens.Writer.TryComplete(new OperationCanceledException(_cancel));
            _completions.TrySetCanceled(_cancel);
        }
        else
        {
            _tokens.Writer.TryComplete(failure);
            _completions.TrySetException(failure);
        }
    }
}
