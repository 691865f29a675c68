using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Hone.Server;

/// <summary>
/// Models behind the OpenAI API, vLLM's and llama.cpp's additions to it, and Ollama's. Every refusal and failure comes back in the
/// format of the route's API, and concerns the one request only.
/// </summary>
public static class HoneServer
{
    private static readonly ApiException s_overloaded = new(429, "too many requests wait: try again", code: "overloaded");

    /// <summary>A server that is ready to start.</summary>
    /// <param name="models">Stays the caller's, to be disposed after the server.</param>
    /// <param name="port">0 for any free one.</param>
    /// <param name="apiKey">What every request must carry as a bearer token; null for none, on loopback only.</param>
    /// <exception cref="InputException">An address beyond loopback without a key.</exception>
    public static WebApplication Create(ServedModels models, IPAddress address, int port, string? apiKey, TimeProvider clock) =>
        Create(models, address, port, apiKey, clock, new ServerLimits());

    /// <param name="adapters">Where adapters may be loaded from at run time; null for nowhere.</param>
    /// <param name="weights">Where weights may be replaced from at run time; null for nowhere.</param>
    /// <param name="arena">Where votes on answers are kept; null for nowhere.</param>
    internal static WebApplication Create(ServedModels models, IPAddress address, int port, string? apiKey, TimeProvider clock,
        ServerLimits limits, AdapterStore? adapters = null, WeightStore? weights = null, ArenaHall? arena = null)
    {
        bool loopback = IPAddress.IsLoopback(address);
        if (!loopback && string.IsNullOrEmpty(apiKey))
            throw new InputException($"{address} can be reached from other machines, and no key is set",
                fix: "Set HONE_API_KEY, or serve on 127.0.0.1.");
        WebApplicationBuilder builder = WebServer.Builder(address, port, limits.BodyBytes, connections: 16L * limits.Requests);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = limits.ClosingTime + TimeSpan.FromSeconds(5));
        WebApplication app = builder.Build();
        var closing = new CancellationTokenSource();
        app.Lifetime.ApplicationStopping.Register(() => closing.CancelAfter(limits.ClosingTime));
        var admission = new Admission(loopback, apiKey);
        var metrics = new ServerMetrics();
        var places = new SemaphoreSlim(limits.Requests);
        var routes = new RouteTable(adapters, weights, arena);
        app.Run(async http =>
        {
            Route? route = routes.Find(http.Request.Path.Value ?? "");
            ErrorStyle style = route?.Style ?? ErrorStyle.OpenAI;
            bool admitted = false;
            ApiException? refused = admission.Refusal(http.Request, needsKey: route is not { IsOpen: true })
                ?? RouteTable.Refusal(route, http.Request);
            if (refused is null && route!.Computes && !(admitted = places.Wait(0, CancellationToken.None))) refused = s_overloaded;
            try
            {
                // Said without a throw and before anything is made: of a thousand requests at once the last must hear it soon.
                if (refused is not null) await Refusals.SendAsync(refused, http, style).ConfigureAwait(false);
                else
                {
                    // Work begins behind what has come by now, so that nobody who is refused waits for it.
                    if (admitted) await Task.Yield();
                    using var exchange = new Exchange(http, models, limits, metrics, clock, closing.Token);
                    await AnswerAsync(route!, exchange).ConfigureAwait(false);
                }
            }
            finally
            {
                if (admitted) places.Release();
                // 499 is nginx's word for a client that left.
                bool left = http.RequestAborted.IsCancellationRequested;
                metrics.Answered(route?.Path ?? "other", left ? 499 : http.Response.StatusCode);
            }
        });
        return app;
    }

    private static async Task AnswerAsync(Route route, Exchange exchange)
    {
        try
        {
            await route.Answer(exchange).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            if (Refusals.Of(e, exchange) is { } refusal)
                await Refusals.SendAsync(refusal, exchange.Http, route.Style).ConfigureAwait(false);
        }
    }
}
