using System.Text.Json.Nodes;

namespace Hone.Evaluation;

/// <summary>
/// A model behind an OpenAI-compatible endpoint. Texts go to <c>/completions</c>, conversations to <c>/chat/completions</c>, and
/// continuations are scored by <c>/completions</c> with <c>echo</c> and <c>logprobs</c>, which vLLM and Hone serve and OpenAI no
/// longer does.
/// </summary>
/// <remarks>
/// With the model's own tokenizer at hand, token ids are sent as the engine in this process would read them: prompts are cut
/// to fit and conversations scored, too. Without it, texts are sent; where a continuation begins is told by the number of
/// tokens that the endpoint makes of the context alone, which is asked for beside each group of continuations.
/// </remarks>
public sealed class EndpointLanguageModel : ILanguageModel, IDisposable
{
    /// <summary>OpenAI takes no more; the answer is cut before all of them here.</summary>
    private const int MostStops = 4;

    /// <summary>Requests that fail in a row before the endpoint is taken to be gone.</summary>
    private const int MostFailures = 8;

    private readonly EndpointHttp _http;
    private readonly EndpointSettings _settings;
    private readonly PromptTokens? _tokens;
    private readonly string _model;
    private volatile string _lengthField = "max_tokens";
    private volatile bool _answered;
    private int _failures;

    private EndpointLanguageModel(EndpointHttp http, EndpointSettings settings, PromptTokens? tokens, string model, int? context)
    {
        (_http, _settings, _tokens, _model) = (http, settings, tokens, model);
        Info = new ModelInfo(model, $"{settings.BaseUrl.AbsoluteUri.TrimEnd('/')} {model}{(tokens is null ? "" : " ids")}")
        {
            ContextLength = context ?? tokens?.Context,
            HasChatTemplate = tokens?.HasChat,
        };
    }

    public ModelInfo Info { get; }

    /// <summary>Connects and checks that the model is served.</summary>
    /// <param name="tokens">
    /// The model's own tokenizer, by the context length that the endpoint tells (null where it does not); null sends
    /// texts.
    /// </param>
    /// <exception cref="InputException">The endpoint does not answer, refuses the key, or serves no such model.</exception>
    public static async Task<EndpointLanguageModel> ConnectAsync(
        EndpointSettings settings, Func<int?, PromptTokens>? tokens, TimeProvider clock, CancellationToken cancel = default)
    {
        try
        {
            return await OpenAsync(settings, tokens, clock, cancel).ConfigureAwait(false);
        }
        catch (EndpointException e)
        {
            throw Refusal(settings, e);
        }
    }

    /// <summary>The same, for one of several endpoints.</summary>
    /// <exception cref="EndpointException">It does not answer, or refuses the key.</exception>
    /// <exception cref="InputException">It serves no such model.</exception>
    internal static async Task<EndpointLanguageModel> OpenAsync(
        EndpointSettings settings, Func<int?, PromptTokens>? tokens, TimeProvider clock, CancellationToken cancel)
    {
        if (settings.Concurrency is < 1 or > 1024)
            throw new InputException($"{settings.Concurrency} requests at a time; there must be 1 to 1024");
        var http = new EndpointHttp(settings, clock);
        try
        {
            (string Id, int? Context)[] models;
            try
            {
                models = await http.SendAsync("models", null, EndpointReplies.Models, cancel).ConfigureAwait(false);
            }
            catch (EndpointException e) when (e.Status is 404 or 405 && settings.Model is not null)
            {
                models = [(settings.Model, null)]; // no list is kept here
            }
            (string Id, int? Context)[] chosen = [.. models.Where(m => settings.Model is null || m.Id == settings.Model)];
            if (chosen.Length != 1)
                throw new InputException(settings.Model is null ? $"{settings.BaseUrl} serves {models.Length} models, name one of them"
                    : $"{settings.BaseUrl} serves no model `{settings.Model}`",
                    fix: models.Length == 0 ? null : $"There are {string.Join(", ", models.Take(10).Select(m => m.Id))}.");
            return new EndpointLanguageModel(http, settings, tokens?.Invoke(chosen[0].Context), chosen[0].Id, chosen[0].Context);
        }
        catch
        {
            http.Dispose();
            throw;
        }
    }

    public IAsyncEnumerable<Reply<Answer>> GenerateAsync(IReadOnlyList<GenerateRequest> requests, CancellationToken cancel = default) =>
        SideBySide<int, Answer>([.. Enumerable.Range(0, requests.Count)], async (i, token) =>
        {
            try
            {
                return [new Reply<Answer>(i, await AnswerAsync(requests[i], token).ConfigureAwait(false))];
            }
            catch (EndpointException e)
            {
                return [new Reply<Answer>(i, new Answer("") { Error = Give(e) })];
            }
        }, cancel);

    public IAsyncEnumerable<Reply<Likelihood>> ScoreAsync(IReadOnlyList<ScoreRequest> requests, CancellationToken cancel = default) =>
        SideBySide<int[], Likelihood>(Groups(requests), async (group, token) =>
        {
            try
            {
                Likelihood[] scores = await ScoreGroupAsync([.. group.Select(i => requests[i])], token).ConfigureAwait(false);
                return [.. group.Zip(scores, (i, s) => new Reply<Likelihood>(i, s))];
            }
            catch (EndpointException e)
            {
                string error = Give(e);
                return [.. group.Select(i => new Reply<Likelihood>(i, new Likelihood(double.NaN) { Error = error }))];
            }
        }, cancel);

    /// <summary>What goes together: the choices of a question share their context. [groups][], indices</summary>
    internal static int[][] Groups(IReadOnlyList<ScoreRequest> requests) => [.. Enumerable.Range(0, requests.Count)
        .GroupBy(i => requests[i].Context.ToJson().ToJsonString()).SelectMany(g => g.Chunk(64))];

    /// <summary>Scores of one group.</summary>
    /// <exception cref="EndpointException">Refused, or failed in every try.</exception>
    internal Task<Likelihood[]> ScoreGroupAsync(ScoreRequest[] group, CancellationToken cancel) =>
        _tokens is null ? ScoreTextsAsync(group, cancel) : ScoreIdsAsync(group, _tokens, cancel);

    public void Dispose() => _http.Dispose();

    /// <summary>The answer to one request.</summary>
    /// <exception cref="EndpointException">Refused, or failed in every try.</exception>
    internal async Task<Answer> AnswerAsync(GenerateRequest request, CancellationToken cancel)
    {
        PromptIds? ids = _tokens?.Prompt(request);
        bool chat = ids is null && request.Prompt.Messages is not null;
        Answer answer;
        try
        {
            answer = await SendAsync().ConfigureAwait(false);
        }
        catch (EndpointException e) when (chat && e.Status == 400 && _lengthField == "max_tokens"
            && e.Message.Contains("max_completion_tokens", StringComparison.Ordinal))
        {
            _lengthField = "max_completion_tokens"; // OpenAI's newer models know it under this name only
            answer = await SendAsync().ConfigureAwait(false);
        }
        Interlocked.Exchange(ref _failures, 0);
        _answered = true;
        (string text, bool cut) = BeforeStop(answer.Text, request.Options.StopStrings);
        return answer with
        {
            Text = text,
            FinishReason = cut ? "stop" : answer.FinishReason,
            DroppedTokens = ids?.Dropped ?? 0,
            DoubleBos = ids is { } own && _tokens!.DoubleBos(own.Ids),
        };

        Task<Answer> SendAsync() => _http.SendAsync<Answer>(chat ? "chat/completions" : "completions", Body(request, ids), chat
            ? EndpointReplies.Chat : EndpointReplies.Text, cancel);
    }

    private JsonObject Body(GenerateRequest request, PromptIds? ids)
    {
        GenerateOptions options = request.Options;
        var body = new JsonObject { ["model"] = _model };
        bool chat = ids is null && request.Prompt.Messages is not null;
        if (!chat) body["prompt"] = ids is { } own ? Array(own.Ids) : request.Prompt.Text;
        else
        {
            var messages =
                new JsonArray([.. request.Prompt.Messages!.Select(m => new JsonObject { ["role"] = m.Role, ["content"] = m.Content })]);
            if (request.Prompt.AssistantPrefix.Length > 0)
            {
                messages.Add(new JsonObject { ["role"] = "assistant", ["content"] = request.Prompt.AssistantPrefix });
                (body["continue_final_message"], body["add_generation_prompt"]) = (true, false);
            }
            body["messages"] = messages;
        }
        body[chat ? _lengthField : "max_tokens"] = options.MaxNewTokens;
        body["temperature"] = options.Temperature;
        if (options.TopP < 1) body["top_p"] = options.TopP;
        if (options.Temperature > 0) body["seed"] = (long)(options.Seed & long.MaxValue);
        if (options.StopStrings.Count > 0) body["stop"] = new JsonArray([.. options.StopStrings.Take(MostStops).Select(s => (JsonNode)s)]);
        if (options.TopLogProbs > 0 && chat) (body["logprobs"], body["top_logprobs"]) = (true, options.TopLogProbs);
        else if (options.TopLogProbs > 0) body["logprobs"] = options.TopLogProbs;
        return body;
    }

    private async Task<Likelihood[]> ScoreIdsAsync(ScoreRequest[] requests, PromptTokens tokens, CancellationToken cancel)
    {
        ScoreIds[] ids = [.. requests.Select(tokens.Score)];
        EchoedToken[][] echoes = await EchoAsync([.. ids.Select(i => (JsonNode)Array(i.Ids))], cancel).ConfigureAwait(false);
        return [.. ids.Zip(echoes, (own, echo) => echo.Length == own.Ids.Length
            ? Sum(echo, own.From) with { DroppedTokens = own.Dropped, DoubleBos = tokens.DoubleBos(own.Ids) }
            : throw new EndpointException(400,
                $"{own.Ids.Length} token ids were sent and {echo.Length} came back: the endpoint adds or drops tokens"))];
    }

    private async Task<Likelihood[]> ScoreTextsAsync(ScoreRequest[] requests, CancellationToken cancel)
    {
        string context = requests[0].Context.Text
            ?? throw new InputException("an endpoint does not score what follows a conversation, unless the model's tokenizer is at hand",
            fix: "Give the model's folder with --tokenizer, or leave --apply-chat-template out.");
        string trimmed = context.TrimEnd(' ');
        if (trimmed.Length == 0)
            throw new InputException("an endpoint does not score a text from its first token on, unless the model's tokenizer is at hand",
                fix: "Give the model's folder with --tokenizer.");
        EchoedToken[][] echoes = await EchoAsync([trimmed, .. requests.Select(r => (JsonNode)(context + r.Continuation))], cancel)
            .ConfigureAwait(false);
        int from = echoes[0].Length;
        return [.. echoes.Skip(1).Select(e => Sum(e, Math.Clamp(from, 1, e.Length - 1)) with { DoubleBos = e.Length > 1
            && e[0].Text == e[1].Text && e[0].Text is "<s>" or "<|begin_of_text|>" or "<bos>" })];
    }

    private async Task<EchoedToken[][]> EchoAsync(JsonNode[] prompts, CancellationToken cancel)
    {
        int count = prompts.Length;
        var body = new JsonObject
        {
            ["model"] = _model, ["prompt"] = new JsonArray(prompts), ["max_tokens"] = 0, ["temperature"] = 0,
            ["echo"] = true, ["logprobs"] = 1
        };
        EchoedToken[][] echoes = await _http.SendAsync("completions", body, json => EndpointReplies.Echoes(json, count), cancel)
            .ConfigureAwait(false);
        Interlocked.Exchange(ref _failures, 0);
        _answered = true;
        return echoes;
    }

    private static Likelihood Sum(EchoedToken[] tokens, int from)
    {
        EchoedToken[] own = tokens[from..];
        double sum = own.Sum(t => t.LogProb);
        if (double.IsNaN(sum) || double.IsPositiveInfinity(sum)) throw new EndpointException(400,
            "log-probabilities of the prompt's tokens are missing: the endpoint does not support `echo` with `logprobs`");
        return new Likelihood(sum) { IsGreedy = own.All(t => t.LogProb >= t.Best), Tokens = own.Length };
    }

    /// <summary>The words for a request that stays without an answer; throws where all further ones would fail as well.</summary>
    private string Give(EndpointException e)
    {
        // Before anything was answered the key or the address is wrong; afterwards it is this request (moderation answers 403).
        if (!_answered && e.Status is (401 or 403 or 404)) throw Refusal(_settings, e);
        int failures = Interlocked.Increment(ref _failures);
        if (failures < MostFailures) return e.Message;
        throw e.MayPass
            ? new IOException($"{_settings.BaseUrl} failed {failures} requests in a row, each in {_settings.Tries} tries; the last: "
                + $"{e.Message}\n  What was answered is stored: the same command goes on from there.", e)
            : new InputException($"{_settings.BaseUrl} refused {failures} requests in a row; the last: {e.Message}", inner: e);
    }

    private static InputException Refusal(EndpointSettings settings, EndpointException e) =>
        new($"{settings.BaseUrl}: {e.Message}", fix: e.Status switch
        {
            401 or 403 => "The key is taken from OPENAI_API_KEY.",
            404 => "Is the address right up to and with /v1, and does the endpoint know this route and model?",
            0 => "Is the server running?",
            _ => null,
        }, inner: e);

    private static JsonArray Array(int[] ids) => new([.. ids.Select(i => (JsonNode)i)]);

    private static (string Text, bool Cut) BeforeStop(string text, IReadOnlyList<string> stops)
    {
        int at = stops.Select(s => text.IndexOf(s, StringComparison.Ordinal)).Where(i => i >= 0).DefaultIfEmpty(-1).Min();
        return at < 0 ? (text, false) : (text[..at], true);
    }

    private IAsyncEnumerable<Reply<T>> SideBySide<TWork, T>(
        IReadOnlyList<TWork> works, Func<TWork, CancellationToken, Task<Reply<T>[]>> ask, CancellationToken cancel) =>
        ReplyStream.Of<T>((give, stop) => Parallel.ForEachAsync(
            works, new ParallelOptions { MaxDegreeOfParallelism = _settings.Concurrency, CancellationToken = stop }, async (work, token) =>
            {
                foreach (Reply<T> reply in await ask(work, token).ConfigureAwait(false)) give(reply);
            }), cancel);
}
