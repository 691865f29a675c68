using Microsoft.AspNetCore.Http;

namespace Hone.Server;

/// <summary>One thing that the server answers.</summary>
/// <param name="Path">Its address.</param>
/// <param name="Method">GET or POST.</param>
/// <param name="Computes">Whether it takes a place among the requests that are computed.</param>
internal sealed record Route(string Path, string Method, bool Computes, Func<Exchange, Task> Answer)
{
    public ErrorStyle Style { get; init; }

    /// <summary>Whether it answers for all addresses that begin with its own.</summary>
    public bool IsPrefix { get; init; }

    /// <summary>Whether it is answered without the key: it tells nothing.</summary>
    public bool IsOpen { get; init; }
}

/// <summary>All that the server answers.</summary>
internal sealed class RouteTable
{
    private readonly Dictionary<string, Route> _routes;

    /// <param name="adapters">Null where adapters cannot be loaded at run time.</param>
    /// <param name="weights">Null where weights cannot be replaced at run time.</param>
    /// <param name="arena">Null where no votes are kept.</param>
    public RouteTable(AdapterStore? adapters, WeightStore? weights = null, ArenaHall? arena = null) => _routes = PageRoutes.All.Concat(
    [
        new("/health", "GET", false, InfoRoutes.HealthAsync) { IsOpen = true },
        new("/metrics", "GET", false, InfoRoutes.MetricsAsync),
        new("/v1/models", "GET", false, InfoRoutes.ModelsAsync),
        new("/v1/models/", "GET", false, InfoRoutes.ModelAsync) { IsPrefix = true },
        new("/v1/chat/completions", "POST", true, ChatRoute.AnswerAsync),
        new("/v1/completions", "POST", true, CompletionRoute.AnswerAsync),
        new("/inference/v1/generate", "POST", true, TokenRoute.AnswerAsync),
        new("/v1/rewards", "POST", true, RewardRoute.AnswerAsync),
        new("/v1/embeddings", "POST", false, _ => throw new ApiException(400, "this server makes no embeddings", code: "unsupported")),
        new("/v1/load_lora_adapter", "POST", true, exchange => AdapterRoutes.LoadAsync(exchange, adapters)),
        new("/v1/unload_lora_adapter", "POST", true, exchange => AdapterRoutes.UnloadAsync(exchange, adapters)),
        new("/update_weights_from_disk", "POST", true, exchange => WeightRoute.AnswerAsync(exchange, weights)),
        new("/arena/battles", "POST", true, exchange => ArenaRoutes.BattleAsync(exchange, arena)),
        new("/arena/votes", "POST", false, exchange => ArenaRoutes.VoteAsync(exchange, arena)),
        new("/arena/table", "GET", false, exchange => ArenaRoutes.TableAsync(exchange, arena)),
        new("/tokenize", "POST", true, TextRoutes.TokenizeAsync),
        new("/detokenize", "POST", true, TextRoutes.DetokenizeAsync),
        new("/apply-template", "POST", true, TextRoutes.ApplyTemplateAsync),
        new("/api/chat", "POST", true, OllamaChat.AnswerAsync) { Style = ErrorStyle.Ollama },
        new("/api/generate", "POST", true, OllamaGenerate.AnswerAsync) { Style = ErrorStyle.Ollama },
        new("/api/tags", "GET", false, OllamaInfo.TagsAsync) { Style = ErrorStyle.Ollama },
        new("/api/ps", "GET", false, OllamaInfo.RunningAsync) { Style = ErrorStyle.Ollama },
        new("/api/show", "POST", false, OllamaInfo.ShowAsync) { Style = ErrorStyle.Ollama },
        new("/api/version", "GET", false, OllamaInfo.VersionAsync) { Style = ErrorStyle.Ollama },
    ]).ToDictionary(r => r.Path, StringComparer.Ordinal);

    public IEnumerable<Route> All => _routes.Values;

    /// <summary>404 or 405; null where the route answers the request.</summary>
    public static ApiException? Refusal(Route? route, HttpRequest request) =>
        route is null ? new ApiException(404, $"there is no {request.Path} here")
        : request.Method != route.Method ? new ApiException(405, $"{request.Path} takes {route.Method}, not {request.Method}")
        : null;

    /// <summary>The route of an address; null where there is none.</summary>
    public Route? Find(string path) => _routes.GetValueOrDefault(path)
        ?? _routes.Values.FirstOrDefault(r => r.IsPrefix && path.StartsWith(r.Path, StringComparison.Ordinal));
}
