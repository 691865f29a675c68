using System.Runtime.CompilerServices;
using Hone.Data;
using Hone.Inference;
using Hone.Models;
using Hone.Text;

namespace Hone.Server;

/// <summary>
/// A model behind the server. The engine samples answers of all requests side by side; scoring is done for one request at a time,
/// in their order.
/// </summary>
public sealed class ServedModel : IAsyncDisposable
{
    /// <summary>Tokens of a scoring pass.</summary>
    private const int PassTokens = 4096;

    private readonly PretrainedModel _model;
    private readonly IGenerationEngine? _engine;
    private readonly SemaphoreSlim _scoring = new(1);
    private readonly CancellationTokenSource _closing = new();
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _users = 1; // itself, until it is closed

    private ServedModel(PretrainedModel model, string name, SamplingFormat format, string? version)
    {
        (_model, Name, Version) = (model, name, version);
        _engine = IsReward ? null : model.CreateEngine(KeptBetween.Prefixes, format);
        Tools = Chat is { } chat ? ToolFormat.Of((chat.ToolTemplate ?? chat.Template).Source) : null;
    }

    /// <summary>What requests name it by.</summary>
    public string Name { get; }

    /// <summary>What the request that brought its weights called them; null for those that the server was started with.</summary>
    internal string? Version { get; }

    /// <summary>Whether it scores conversations instead of answering them.</summary>
    public bool IsReward => _model.Model.Config.IsRewardModel;

    /// <summary>Longest prompt and answer together, in tokens.</summary>
    public int Context => _model.Model.Config.MaxPositions;

    /// <summary>Number of token ids that the weights know.</summary>
    public int Vocabulary => _model.Model.Config.VocabularySize;

    public Tokenizer Tokenizer => _model.Text.Tokenizer;

    /// <summary>Null for a model without a chat template.</summary>
    public ChatFormat? Chat => _model.Text.Chat;

    internal ModelText Text => _model.Text;

    internal TransformerConfig Config => _model.Model.Config;

    /// <summary>Whether the weights are on a GPU.</summary>
    internal bool IsOnDevice => _model.Model.Device.type != TorchSharp.DeviceType.CPU;

    internal StopRules Stops => _model.Stops;

    /// <summary>The folder that it was opened from.</summary>
    internal string Folder => _model.Path;

    /// <summary>How it writes calls of tools; null where that is not known.</summary>
    internal ToolFormat? Tools { get; }

    /// <param name="path">A Hugging Face folder, a PEFT folder with a LoRA adapter, or a GGUF file; a language or a reward model.</param>
    /// <param name="name">What requests name it by; null for the folder's name.</param>
    /// <param name="format">The number format of sampling.</param>
    /// <exception cref="InputException">It is not a model that Hone can read.</exception>
    public static ServedModel Open(string path, string? name = null, string device = "auto", string dtype = "float32",
        SamplingFormat format = SamplingFormat.Auto) => Open(path, name, device, dtype, format, version: null);

    internal static ServedModel Open(string path, string? name, string device, string dtype, SamplingFormat format, string? version) =>
        new(PretrainedModel.Open(path, ComputeTarget.Parse(device, dtype)), name ?? NameOf(path), format, version);

    /// <summary>The name by default: that of the folder or file, or of the model on the hub.</summary>
    internal static string NameOf(string given) =>
        File.Exists(given) ? Path.GetFileNameWithoutExtension(given)
        : Directory.Exists(given) ? Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(given)))
        : given.Split('/')[^1];

    /// <summary>Whether a sampled token ends an answer.</summary>
    public bool IsStop(int id) => Stops.IsStop(id);

    /// <summary>An answer's tokens without one that ended it.</summary>
    internal int[] Shown(Completion answer) => answer.Ids is [.., int last] && IsStop(last) ? answer.Ids[..^1] : answer.Ids;

    /// <summary>Tokens as they are sampled; the engine is done with the requests when the enumeration has ended.</summary>
    /// <exception cref="ApiException">503: the model is closing.</exception>
    internal async IAsyncEnumerable<GeneratedToken> SampleAsync(
        IReadOnlyList<GenerationRequest> requests, [EnumeratorCancellation] CancellationToken cancel)
    {
        using Use use = Begin(cancel);
        await using IAsyncEnumerator<GeneratedToken> tokens =
            _engine!.StreamAsync(requests, use.Cancel).GetAsyncEnumerator(CancellationToken.None);
        while (await Closed(tokens.MoveNextAsync().AsTask(), cancel).ConfigureAwait(false)) yield return tokens.Current;
    }

    /// <summary>
    /// What the model makes of the tokens of each sequence from its <c>From</c> on, with the likeliest <paramref name="top"/> in
    /// each place.
    /// </summary>
    /// <exception cref="ApiException">503: the model is closing.</exception>
    internal Task<SequenceScore[]> ScoreAsync(ScoredSequence[] sequences, int top, CancellationToken cancel) => Pass(token =>
    {
        var scores = new SequenceScore[sequences.Length];
        foreach (SequenceScore score in PrefixScorer.Score(_model.Model, sequences, PassTokens, top, token)) scores[score.Index] = score;
        return scores;
    }, cancel);

    /// <summary>A reward model's reward of each answer, read at its last token. [conversations x answers]</summary>
    /// <exception cref="ApiException">503: the model is closing.</exception>
    internal Task<double[]> RewardsAsync(IReadOnlyList<PromptExample> conversations, CancellationToken cancel) => Pass(token =>
        (double[])[.. conversations.Chunk(16).SelectMany(some =>
        {
            token.ThrowIfCancellationRequested();
            return AnswerScores.Rewards(_model.Model, some, PassTokens).SelectMany(r => r);
        })], cancel);

    public async ValueTask DisposeAsync()
    {
        if (_closing.IsCancellationRequested) return;
        await _closing.CancelAsync().ConfigureAwait(false);
        await RetireAsync().ConfigureAwait(false);
    }

    /// <summary>Puts it away once the requests that it answers have ended; it must not be named any more.</summary>
    internal async Task RetireAsync()
    {
        Leave();
        await _idle.Task.ConfigureAwait(false);
        _model.Dispose();
        _scoring.Dispose();
    }

    private async Task<T> Pass<T>(Func<CancellationToken, T> compute, CancellationToken cancel)
    {
        using Use use = Begin(cancel);
        return await Closed(PassAsync(), cancel).ConfigureAwait(false);

        async Task<T> PassAsync()
        {
            await _scoring.WaitAsync(use.Cancel).ConfigureAwait(false);
            try
            {
                return await Task.Factory.StartNew(
                    () => compute(use.Cancel), use.Cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
            }
            finally
            {
                _scoring.Release();
            }
        }
    }

    /// <summary>Tells a cancellation that came from closing the model from one that came with the request.</summary>
    private async Task<T> Closed<T>(Task<T> computed, CancellationToken cancel)
    {
        try
        {
            return await computed.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            throw Closing();
        }
    }

    private ApiException Closing() => new(503, $"`{Name}` is closing", code: "closing");

    private Use Begin(CancellationToken cancel)
    {
        for (int users = _users; users > 0; users = _users)
            if (Interlocked.CompareExchange(ref _users, users + 1, users) == users) return new Use(this, cancel);
        throw Closing();
    }

    private void Leave()
    {
        if (Interlocked.Decrement(ref _users) == 0) _idle.SetResult();
    }

    /// <summary>A request that computes with the model, which is not put away before it ends.</summary>
    private sealed class Use(ServedModel model, CancellationToken cancel) : IDisposable
    {
        private readonly CancellationTokenSource _either = CancellationTokenSource.CreateLinkedTokenSource(cancel, model._closing.Token);

        public CancellationToken Cancel => _either.Token;

        public void Dispose()
        {
            _either.Dispose();
            model.Leave();
        }
    }
}
