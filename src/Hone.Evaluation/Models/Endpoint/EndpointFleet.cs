namespace Hone.Evaluation;

/// <summary>
/// One model behind several endpoints. Each question is asked of whichever is free, and of another one where that fails; an endpoint
/// that fails again and again is left out, and the last one's failure ends it.
/// </summary>
/// <remarks>
/// Stored replies are kept under the model's id alone, so that endpoints may come and go between two calls of a command: that all serve
/// the same weights under it is the user's word.
/// </remarks>
internal sealed class EndpointFleet : ILanguageModel, IDisposable
{
    /// <summary>Questions that one endpoint refuses in a row before it has to be its own fault.</summary>
    private const int MostRefusals = 8;

    private readonly Seat[] _seats;
    private readonly Action<string> _say;
    private readonly TimeProvider _clock;

    private EndpointFleet(Seat[] seats, ModelInfo info, Action<string> say, TimeProvider clock) =>
        (_seats, Info, _say, _clock) = (seats, info, say, clock);

    public ModelInfo Info { get; }

    /// <summary>Connects to those that answer; the others are tried again when something is asked.</summary>
    /// <param name="settings">Of each endpoint. What fails is asked elsewhere, so each request is sent to it once.</param>
    /// <param name="tokens">As of <see cref="EndpointLanguageModel.ConnectAsync"/>.</param>
    /// <param name="say">Told of endpoints that fail.</param>
    /// <exception cref="InputException">An address is there twice, none answers, or they serve other models.</exception>
    public static async Task<EndpointFleet> ConnectAsync(IReadOnlyList<EndpointSettings> settings, Func<int?, PromptTokens>? tokens,
        Action<string> say, TimeProvider clock, CancellationToken cancel = default)
    {
        if (settings.GroupBy(s => s.BaseUrl).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new InputException($"{twice.Key} is there twice");
        Seat[] seats = [.. settings.Select(s => new Seat(s with { Tries = 1 }, tokens, clock))];
        try
        {
            string?[] problems = await Task.WhenAll(seats.Select(async seat =>
            {
                try
                {
                    await seat.ConnectAsync(cancel).ConfigureAwait(false);
                    return null;
                }
                catch (EndpointException e)
                {
                    say($"worker {seat.Url} is left out for now: {e.Message}");
                    return $"{seat.Url}: {e.Message}";
                }
            })).ConfigureAwait(false);
            Seat[] there = [.. seats.Where(s => s.Model is not null)];
            if (there.Length == 0)
                throw new InputException($"none of {seats.Length} endpoints answers\n    {string.Join("\n    ", problems)}",
                    fix: "Are the addresses right up to and with /v1, and is the key in OPENAI_API_KEY?");
            ModelInfo first = there[0].Model!.Info;
            if (there.FirstOrDefault(s => s.Model!.Info.Name != first.Name) is { } other)
                throw new InputException($"{there[0].Url} serves `{first.Name}`, and {other.Url} `{other.Model!.Info.Name}`",
                    fix: "Several endpoints must serve one model under one id.");
            foreach (Seat seat in seats) seat.Serves(first.Name);
            return new EndpointFleet(seats, first with
            {
                Identity = $"{first.Name} at several endpoints{(tokens is null ? "" : " ids")}",
                ContextLength = there.Min(s => s.Model!.Info.ContextLength),
            }, say, clock);
        }
        catch
        {
            foreach (Seat seat in seats) seat.Dispose();
            throw;
        }
    }

    public IAsyncEnumerable<Reply<Answer>> GenerateAsync(IReadOnlyList<GenerateRequest> requests, CancellationToken cancel = default) =>
        SpreadAsync<Answer>([.. Enumerable.Range(0, requests.Count).Select(i => new[] { i })],
            async (model, own, token) => [await model.AnswerAsync(requests[own[0]], token).ConfigureAwait(false)],
            error => new Answer("") { Error = error }, cancel);

    public IAsyncEnumerable<Reply<Likelihood>> ScoreAsync(IReadOnlyList<ScoreRequest> requests, CancellationToken cancel = default) =>
        SpreadAsync<Likelihood>(EndpointLanguageModel.Groups(requests),
            (model, own, token) => model.ScoreGroupAsync([.. own.Select(i => requests[i])], token),
            error => new Likelihood(double.NaN) { Error = error }, cancel);

    public void Dispose()
    {
        foreach (Seat seat in _seats) seat.Dispose();
    }

    /// <param name="works">Indices of requests that are asked together.</param>
    /// <param name="failed">The reply to a request that no endpoint answers.</param>
    private IAsyncEnumerable<Reply<T>> SpreadAsync<T>(int[][] works, Func<EndpointLanguageModel, int[], CancellationToken, Task<T[]>> ask,
        Func<string, T> failed, CancellationToken cancel)
    {
        return ReplyStream.Of<T>((give, stop) =>
        {
            void Give(int work, T[] given)
            {
                foreach ((int index, T reply) in works[work].Zip(given)) give(new Reply<T>(index, reply));
            }
            return new Dispatch<Seat, T[]>(_seats, _seats[0].Concurrency, AskAsync, (seat, token) => seat.ConnectAsync(token), Give,
                _say, _clock, _seats[0].RetryDelay, (work, error) => Give(work, Failed(work, error)))
                .RunAsync([.. Enumerable.Range(0, works.Length)], stop);
        }, cancel);

        async Task<T[]> AskAsync(Seat seat, int work, CancellationToken token)
        {
            try
            {
                T[] given = await ask(seat.Model!, works[work], token).ConfigureAwait(false);
                seat.Answered();
                return given;
            }
            catch (EndpointException e)
            {
                if (!seat.IsOfTheQuestion(e)) throw;
                return Failed(work, e.Message);
            }
        }

        T[] Failed(int work, string error) => [.. works[work].Select(_ => failed(error))];
    }

    /// <summary>One endpoint, connected or not.</summary>
    private sealed class Seat(EndpointSettings settings, Func<int?, PromptTokens>? tokens, TimeProvider clock) : IAskedServer, IDisposable
    {
        private readonly List<EndpointLanguageModel> _left = []; // something may be under way at them still
        private EndpointSettings _settings = settings;
        private bool _answered;
        private int _refused;

        public string Url => _settings.BaseUrl.AbsoluteUri.TrimEnd('/');

        public int Concurrency => _settings.Concurrency;

        public TimeSpan RetryDelay => _settings.RetryDelay;

        /// <summary>Null where it is not connected.</summary>
        public EndpointLanguageModel? Model { get; private set; }

        /// <summary>From here on it is this model that it has to serve.</summary>
        public void Serves(string name) => _settings = _settings with { Model = name };

        /// <summary>Whether it answers, and serves the model still.</summary>
        public async Task ConnectAsync(CancellationToken cancel)
        {
            EndpointLanguageModel model = await EndpointLanguageModel.OpenAsync(_settings, tokens, clock, cancel).ConfigureAwait(false);
            Forget();
            Model = model;
        }

        public void Answered() => (_answered, _refused) = (true, 0);

        /// <summary>Whether it is the question that is refused, and not whoever asks.</summary>
        /// <exception cref="InputException">It refuses one question after the other.</exception>
        public bool IsOfTheQuestion(EndpointException e)
        {
            if (e.Status is not (400 or 413 or 422) && !(e.Status == 403 && _answered)) return false;
            return Interlocked.Increment(ref _refused) < MostRefusals ? true
                : throw new InputException($"{Url} refused {MostRefusals} requests in a row; the last: {e.Message}", inner: e);
        }

        public void Forget()
        {
            if (Model is not null) _left.Add(Model);
            Model = null;
        }

        public void Dispose()
        {
            Forget();
            _left.ForEach(m => m.Dispose());
        }
    }
}
