using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Evaluation;
using Hone.Inference;
using Hone.Runs.Recipes;

namespace Hone.Workflow.Workers;

/// <summary>
/// One inference server: what it serves, which route of token ids it speaks, and which weights it has been brought to. All of it is
/// found out by asking, and again after every failure.
/// </summary>
internal sealed class Worker : IAskedServer, IDisposable
{
    /// <summary>Adapters that a run loads begin so, and are no models of their own here.</summary>
    public const string AdapterPrefix = "hone-";

    private readonly EndpointHttp _http;
    private readonly string? _named;

    /// <param name="address">Such as <c>http://10.0.0.5:8000</c>; what follows a <c>#</c> names one of several models.</param>
    /// <param name="hasKey">Whether it is asked with the key of HONE_WORKER_KEY.</param>
    /// <exception cref="InputException">It is no address.</exception>
    public Worker(string address, WorkerOptions options, TimeProvider clock, bool hasKey = true)
    {
        Uri uri = EndpointSettings.Address(address);
        _named = uri.Fragment.Length > 1 ? Uri.UnescapeDataString(uri.Fragment[1..]) : null;
        string path = uri.GetLeftPart(UriPartial.Path).TrimEnd('/');
        Url = path.EndsWith("/v1", StringComparison.Ordinal) ? path[..^3] : path;
        _http = new EndpointHttp(new EndpointSettings
        {
            BaseUrl = new Uri(Url),
            ApiKey = !hasKey ? null : Environment.GetEnvironmentVariable("HONE_WORKER_KEY"),
            Tries = 1, // what fails here is asked elsewhere
            Timeout = TimeSpan.FromSeconds(options.Timeout),
        }, clock);
    }

    public string Url { get; }

    public bool IsConnected { get; private set; }

    /// <summary>The language model that it serves; null for none.</summary>
    public WorkerModel? Language { get; private set; }

    /// <summary>The reward model that it serves; null for none.</summary>
    public WorkerModel? Reward { get; private set; }

    /// <summary>How it is asked for tokens; null where it serves no language model.</summary>
    public ITokenRoute? Route { get; private set; }

    /// <summary>Finds out what it serves and how it is asked.</summary>
    /// <exception cref="EndpointException">It does not answer.</exception>
    /// <exception cref="InputException">It is no server that can be used.</exception>
    public async Task ConnectAsync(CancellationToken cancel)
    {
        WorkerModel[] models = await _http.SendAsync("v1/models", null, ReadModels, cancel).ConfigureAwait(false);
        WorkerModel[] languages = [.. models.Where(m => !m.IsReward && (_named is null || m.Name == _named))];
        if (languages.Length > 1 || (_named is not null && languages.Length == 0))
            throw new InputException($"{Url} serves {string.Join(", ", models.Where(m => !m.IsReward).Select(m => m.Name))}",
                fix: $"Write {Url}#NAME for the one to ask.");
        Language = languages.FirstOrDefault();
        Reward = models.FirstOrDefault(m => m.IsReward);
        if (Language is null && Reward is null) throw new InputException($"{Url} serves no model");
        Route = Language is null ? null : await RouteAsync(Language, cancel).ConfigureAwait(false);
        IsConnected = true;
    }

    public void Forget() => IsConnected = false;

    /// <summary>Answers to one prompt, checked.</summary>
    /// <param name="request">Index that the answers carry.</param>
    /// <param name="limit">Longest answer, in tokens.</param>
    /// <param name="vocabulary">Number of token ids that the model knows.</param>
    /// <exception cref="EndpointException">It failed, or answered what cannot be counted.</exception>
    public Task<Completion[]> AskAsync(
        int request, GenerationRequest asked, int limit, IReadOnlyList<int> stops, int vocabulary, CancellationToken cancel)
    {
        WorkerModel model = Language!;
        // The likeliest tokens are the same in every answer, and vLLM refuses to take them more than once.
        var question = new TokenQuestion(model.AskedAs, model.Adapter is not null, model.Version ?? "", asked.PromptIds, asked.Options,
            asked.Options.DoSample ? asked.Count : 1, limit, stops);
        return _http.SendAsync(Route!.Path, Route.Body(question), json =>
        {
            TokenAnswer[] given = [.. Route.Read(json, question)];
            foreach (TokenAnswer answer in given) model.RequireSame(answer.Version);
            Completion[] answers = AnswerCheck.Read(request, question, given, vocabulary);
            return answers.Length == asked.Count ? answers
                : [.. Enumerable.Range(0, asked.Count).Select(i => answers[0] with { AnswerIndex = i })];
        }, cancel);
    }

    /// <summary>A reward for each answer to a prompt. [answers]</summary>
    /// <exception cref="EndpointException">It failed, or answered what cannot be counted.</exception>
    public Task<double[]> RewardsAsync(int[] prompt, int[][] answers, CancellationToken cancel)
    {
        WorkerModel model = Reward!;
        return _http.SendAsync("v1/rewards", new JsonObject
        {
            ["model"] = model.Name,
            ["prompt_token_ids"] = TokenQuestion.Array(prompt),
            ["answer_token_ids"] = new JsonArray([.. answers.Select(TokenQuestion.Array)]),
        }, json =>
        {
            model.RequireSame(TokenAnswer.ReadText(json, "weight_version"));
            JsonElement[] data = [.. json.GetProperty("data").EnumerateArray()];
            double[] rewards = [.. data.Select(d => d.GetProperty("reward").GetDouble())];
            if (data.Select(d => d.GetProperty("index").GetInt32()).SequenceEqual(Enumerable.Range(0, answers.Length))
                && rewards.All(double.IsFinite))
                return rewards;
            throw new FormatException($"{answers.Length} rewards were asked for, {data.Length} came, or one is no number");
        }, cancel);
    }

    /// <summary>Sends what changes the server, and takes any answer.</summary>
    /// <exception cref="EndpointException">It failed or refused.</exception>
    public Task PostAsync(string route, JsonObject body, CancellationToken cancel) => _http.PostAsync(route, body, cancel);

    /// <summary>For the person who watches.</summary>
    public override string ToString() => $"worker {Url}: " + string.Join(", ",
        new[] { Language is { } l ? $"{l.Name} by /{Route!.Path}" : null, Reward is { } r ? $"rewards of {r.Name}" : null }
            .OfType<string>());

    public void Dispose() => _http.Dispose();

    /// <summary>The first route that answers a prompt of one token with one.</summary>
    private async Task<ITokenRoute> RouteAsync(WorkerModel model, CancellationToken cancel)
    {
        var question = new TokenQuestion(model.Name, false, "probe", [1], new SamplingOptions(), 1, 1, []);
        List<string> refusals = [];
        foreach (ITokenRoute route in ITokenRoute.All)
        {
            try
            {
                model.Told = await _http.SendAsync(route.Path, route.Body(question), json =>
                {
                    TokenAnswer answer = route.Read(json, question).Single();
                    return answer.Ids.Length == 1 ? answer.Version : throw new FormatException($"{answer.Ids.Length} tokens came");
                }, cancel).ConfigureAwait(false);
                return route;
            }
            catch (EndpointException e) when (e.Status is 200 or (>= 400 and < 500 and not 401 and not 403 and not 408 and not 429) or 501)
            {
                refusals.Add($"/{route.Path}: {e.Message}");
            }
        }
        throw new InputException($"{Url} answers no route of token ids\n    {string.Join("\n    ", refusals)}",
            fix: "It must be vLLM, SGLang, hone serve, or a server whose /v1/completions knows return_token_ids.");
    }

    private static WorkerModel[] ReadModels(JsonElement json) => [.. json.GetProperty("data").EnumerateArray()
        .Where(m => TokenAnswer.ReadText(m, "parent") is null) // else an adapter of that model
        .Select(m => new WorkerModel(m.GetProperty("id").GetString()!, TokenAnswer.ReadText(m, "kind") == "reward")
        {
            Told = TokenAnswer.ReadText(m, "weight_version"),
        })
        .Where(m => !m.Name.StartsWith(AdapterPrefix, StringComparison.Ordinal))];
}
