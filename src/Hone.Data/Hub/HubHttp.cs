using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Http.Resilience;
using Polly;

namespace Hone.Data;

/// <summary>
/// Requests to a hub: tried again where that may help, redirected by hand. The token goes to the endpoint's own origin
/// (scheme, host and port) and never further, and nothing is followed from https down to http.
/// </summary>
internal sealed class HubHttp : IDisposable
{
    private const int MaxRedirects = 10;
    private readonly HttpClient _client;
    private readonly HubSettings _settings;

    /// <param name="handler">Sends requests; must not follow redirects by itself.</param>
    public HubHttp(HubSettings settings, HttpMessageHandler handler, TimeProvider clock, int tries = 5)
    {
        _settings = settings;
        ResiliencePipeline<HttpResponseMessage> pipeline = new ResiliencePipelineBuilder<HttpResponseMessage> { TimeProvider = clock }
            .AddRetry(new HttpRetryStrategyOptions
            {
                MaxRetryAttempts = tries - 1,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = TimeSpan.FromSeconds(0.5),
                MaxDelay = TimeSpan.FromSeconds(30),
                ShouldRetryAfterHeader = true,
            }).Build();
        _client = new HttpClient(new ResilienceHandler(pipeline) { InnerHandler = handler }) { Timeout = Timeout.InfiniteTimeSpan };
        _client.DefaultRequestHeaders.UserAgent.ParseAdd("hone/0.1");
    }

    /// <summary>The handler for real use: no redirects of its own, limits on waiting.</summary>
    public static HttpMessageHandler NetworkHandler() => new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ConnectTimeout = TimeSpan.FromSeconds(20),
        ResponseDrainTimeout = TimeSpan.FromSeconds(5),
    };

    /// <summary>The final answer's headers; its body is yet to be read. Not checked for success.</summary>
    /// <param name="from">First byte wanted; 0 for all.</param>
    public async Task<HttpResponseMessage> GetAsync(Uri address, long from, CancellationToken cancel)
    {
        for (int hop = 0; hop <= MaxRedirects; hop++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address);
            if (from > 0) request.Headers.Range = new RangeHeaderValue(from, null);
            if (_settings.Token is { } token && SameOrigin(address, _settings.Endpoint))
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            HttpResponseMessage response;
            try
            {
                response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel).ConfigureAwait(false);
            }
            catch (HttpRequestException e)
            {
                throw new InputException($"{address.Host} cannot be reached: {e.Message}", address.GetLeftPart(UriPartial.Path),
                    "Check the network, or set HF_HUB_OFFLINE=1 to use what was downloaded before.", e);
            }
            if ((int)response.StatusCode is not (301 or 302 or 303 or 307 or 308)) return response;
            Uri? target = response.Headers.Location;
            response.Dispose();
            if (target is null) throw new InputException("the hub redirects to nowhere", address.GetLeftPart(UriPartial.Path));
            Uri next = new(address, target);
            if (next.Scheme is not ("http" or "https") || (address.Scheme == "https" && next.Scheme == "http"))
                throw new InputException($"the hub redirects from {address.Scheme} to {next.Scheme}: refused",
                    address.GetLeftPart(UriPartial.Path));
            address = next;
        }
        throw new InputException($"more than {MaxRedirects} redirects", address.GetLeftPart(UriPartial.Path));
    }

    public void Dispose() => _client.Dispose();

    private static bool SameOrigin(Uri a, Uri b) => a.Scheme == b.Scheme && a.Port == b.Port
        && string.Equals(a.IdnHost, b.IdnHost, StringComparison.OrdinalIgnoreCase);
}
