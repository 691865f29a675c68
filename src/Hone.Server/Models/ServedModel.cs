using Hone.Inference;
using Hone.Text;

namespace Hone.Server;

/// <summary>
/// The model behind the server. The engine answers requests that wait together as one batch, whose answers do not depend on
/// each other; scoring is done for one request at a time, in their order.
/// </summary>
public sealed class ServedModel : IAsyncDisposable
{
    /// <summary>Requests that are waiting or being computed; more are refused.</summary>
    private const int RequestsAtOnce = 1024;

    /// <summary>Tokens of a scoring pass.</summary>
    private const int PassTokens = 4096;

    private readonly PretrainedModel _model;
    private readonly IGenerationEngine _engine;
    private readonly StopRules _stops;
    private readonly SemaphoreSlim _places = new(RequestsAtOnce);
    private readonly SemaphoreSlim _scoring = new(1);
    private readonly CancellationTokenSource _closing = new();

    private ServedModel(PretrainedModel model, string name) =>
        (_model, Name, _engine, _stops) = (model, name, model.CreateEngine(), model.Stops);

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
    /// <exception cref="ApiException">503: too many requests wait, or the server is closing.</exception>
    internal Task<Completion[]> GenerateAsync(GenerationRequest[] requests, CancellationToken cancel) =>
        Admit(async token => (Completion[])[.. await _engine.Submit(requests, token).Completions.ConfigureAwait(false)], cancel);

    /// <summary>
    /// What the model makes of the tokens of each sequence from its <c>From</c> on, with the likeliest <paramref name="top"/> in
    /// each place.
    /// </summary>
    /// <exception cref="ApiException">503: too many requests wait, or the server is closing.</exception>
    internal Task<SequenceScore[]> ScoreAsync(ScoredSequence[] sequences, int top, CancellationToken cancel) => Admit(async token =>
    {
        await _scoring.WaitAsync(token).ConfigureAwait(false);
        try
        {
            var scores = new SequenceScore[sequences.Length];
            await Task.Factory.StartNew(() =>
            {
                foreach (SequenceScore score in PrefixScorer.Score(_model.Model, sequences, PassTokens, top, token))
                    scores[score.Index] = score;
            }, token, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
            return scores;
        }
        finally
        {
            _scoring.Release();
        }
    }, cancel);

    public async ValueTask DisposeAsync()
    {
        if (_closing.IsCancellationRequested) return;
        await _closing.CancelAsync().ConfigureAwait(false);
        // All places are free when nothing is computed any longer; taken, they let nothing in.
        for (int i = 0; i < RequestsAtOnce; i++) await _places.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        _model.Dispose();
        _scoring.Dispose();
        _closing.Dispose();
    }

    private async Task<T> Admit<T>(Func<CancellationToken, Task<T>> compute, CancellationToken cancel)
    {
        if (!_places.Wait(0, CancellationToken.None))
            throw new ApiException(503, "too many requests wait, or the server is closing", code: "overloaded");
        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, _closing.Token);
            return await compute(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            throw new ApiException(503, "the server is closing", code: "closing");
        }
        finally
        {
            _places.Release();
        }
    }
}
