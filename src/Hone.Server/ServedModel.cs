using System.Threading.Channels;
using Hone.Inference;
using Hone.Text;

namespace Hone.Server;

/// <summary>
/// The model behind the server. One thread computes; requests that wait together are answered as one batch, whose answers do
/// not depend on each other.
/// </summary>
public sealed class ServedModel : IAsyncDisposable
{
    /// <summary>Answers of a batch.</summary>
    private const int AnswersAtOnce = 64;

    /// <summary>Tokens of a scoring pass.</summary>
    private const int PassTokens = 4096;

    private readonly PretrainedModel _model;
    private readonly IGenerationEngine _engine;
    private readonly StopRules _stops;
    private readonly Channel<Work> _queue = Channel.CreateBounded<Work>(1024);
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _loop;

    private ServedModel(PretrainedModel model, string name)
    {
        (_model, Name) = (model, name);
        (_engine, _stops) = (model.CreateEngine(), model.Stops);
        _loop = Task.Factory.StartNew(Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>What requests name it by.</summary>
    public string Name { get; }

    /// <summary>Longest prompt and answer together, in tokens.</summary>
    public int Context => _model.Model.Config.MaxPositions;

    /// <summary>Number of token ids that the weights know.</summary>
    public int Vocabulary => _model.Model.Config.VocabularySize;

    public Tokenizer Tokenizer => _model.Text.Tokenizer;

    /// <summary>Null for a model without a chat template.</summary>
    public ChatFormat? Chat => _model.Text.Chat;

    /// <param name="name">What requests name it by; null for the folder's name.</param>
    /// <exception cref="InputException">The folder is not a language model that Hone can read.</exception>
    public static ServedModel Open(string folder, string? name = null, string device = "auto", string dtype = "float32") => new(
        PretrainedModel.OpenLanguageModel(folder, ComputeTarget.Parse(device, dtype)),
        name ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))));

    /// <summary>Whether a sampled token ends an answer.</summary>
    public bool IsStop(int id) => _stops.IsStop(id);

    /// <summary>Answers in the order of the requests, each request's answers in order.</summary>
    internal Task<Completion[]> GenerateAsync(GenerationRequest[] requests, CancellationToken cancel)
    {
        var work = new Work(requests, null, 0, cancel);
        return Enqueue(work, work.Answers.Task);
    }

    /// <summary>
    /// What the model makes of the tokens of each sequence from its <c>From</c> on, with the likeliest <paramref name="top"/> in each
    /// place.
    /// </summary>
    internal Task<SequenceScore[]> ScoreAsync(ScoredSequence[] sequences, int top, CancellationToken cancel)
    {
        var work = new Work([], sequences, top, cancel);
        return Enqueue(work, work.Scores.Task);
    }

    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _closing.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        _model.Dispose();
        _closing.Dispose();
    }

    private Task<T> Enqueue<T>(Work work, Task<T> result) => _queue.Writer.TryWrite(work)
        ? result
        : throw new ApiException(503, "too many requests wait, or the server is closing", code: "overloaded");

    private void Run()
    {
        Work? held = null;
        while (held is not null || Wait())
        {
            List<Work> batch = [];
            int answers = 0;
            while (held is not null || _queue.Reader.TryRead(out held))
            {
                int own = held.Requests.Sum(r => r.Count);
                bool fits = batch.Count == 0 || (held.Sequences is null && batch[0].Sequences is null && answers + own <= AnswersAtOnce);
                if (!fits) break;
                if (!held.Drop())
                {
                    batch.Add(held);
                    answers += own;
                }
                held = null;
            }
            if (batch.Count > 0) Compute(batch);
        }
    }

    private bool Wait() => _queue.Reader.WaitToReadAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();

    private void Compute(List<Work> batch)
    {
        try
        {
            if (_closing.IsCancellationRequested) throw new ApiException(503, "the server is closing", code: "closing");
            if (batch[0].Sequences is { } sequences)
            {
                var scores = new SequenceScore[sequences.Length];
                foreach (SequenceScore score in PrefixScorer.Score(_model.Model, sequences, PassTokens, batch[0].Top, _closing.Token))
                    scores[score.Index] = score;
                batch[0].Scores.SetResult(scores);
                return;
            }
            GenerationRequest[] requests = [.. batch.SelectMany(w => w.Requests)];
            ILookup<int, Completion> answers = _engine.Generate(requests, cancel: _closing.Token).ToLookup(c => c.RequestIndex);
            int at = 0;
            foreach (Work work in batch)
            {
                work.Answers.SetResult([.. Enumerable.Range(at, work.Requests.Length).SelectMany(r => answers[r])]);
                at += work.Requests.Length;
            }
        }
        catch (Exception e)
        {
            foreach (Work work in batch) work.Fail(e);
        }
    }

    private sealed record Work(GenerationRequest[] Requests, ScoredSequence[]? Sequences, int Top, CancellationToken Cancel)
    {
        public TaskCompletionSource<Completion[]> Answers { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource<SequenceScore[]> Scores { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Fail(Exception e)
        {
            Answers.TrySetException(e);
            Scores.TrySetException(e);
        }

        /// <summary>Leaves out what nobody waits for any longer.</summary>
        public bool Drop()
        {
            if (!Cancel.IsCancellationRequested) return false;
            Answers.TrySetCanceled(Cancel);
            Scores.TrySetCanceled(Cancel);
            return true;
        }
    }
}
