using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Polly;
using Polly.Retry;

namespace Hone.Evaluation;

/// <summary>A request that the endpoint refused and will refuse again, or that failed in every try.</summary>
/// <param name="status">The last answer's status; 0 where there was none.</param>
internal sealed class EndpointException(int status, string message, TimeSpan? retryAfter = null, Exception? inner = null)
    : Exception(message, inner)
{
    public int Status => status;

    public TimeSpan? RetryAfter => retryAfter;

    /// <summary>Whether the same request may be answered later.</summary>
    public bool MayPass => status is 0 or 200 or 408 or 409 or 429 or >= 500;
}

/// <summary>
/// JSON to an endpoint and back. What may pass is tried again, the body's arrival and its reading included; when the endpoint
/// says when to come back, all requests wait until then. Redirects are not followed: the key goes where the user said.
/// </summary>
internal sealed class EndpointHttp : IDisposable
{
    private const long MostBody = 256 << 20;
    private static readonly TimeSpan s_longestWait = TimeSpan.FromMinutes(1), s_longestRetryAfter = TimeSpan.FromMinutes(10);
    private readonly HttpClient _client;
    private readonly EndpointSettings _settings;
    private readonly TimeProvider _clock;
    private readonly ResiliencePipeline _retries;
    private readonly Lock _gate = new();
    private DateTimeOffset _notBefore;

    public EndpointHttp(EndpointSettings settings, TimeProvider clock)
    {
        (_settings, _clock) = (settings, clock);
        _client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(20) })
        {
            Timeout = settings.Timeout,
            MaxResponseContentBufferSize = MostBody,
        };
        _client.DefaultRequestHeaders.UserAgent.ParseAdd("hone/0.1");
        if (settings.ApiKey is { Length: > 0 } key)
            _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        _retries = settings.Tries < 2 ? ResiliencePipeline.Empty
            : new ResiliencePipelineBuilder { TimeProvider = clock }.AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<EndpointException>(e => e.MayPass),
                MaxRetryAttempts = settings.Tries - 1,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = settings.RetryDelay,
                MaxDelay = s_longestWait,
                DelayGenerator = retry => ValueTask.FromResult((retry.Outcome.Exception as EndpointException)?.RetryAfter),
            }).Build();
    }

    /// <summary>Sends until there is an answer that <paramref name="read"/> understands.</summary>
    /// <param name="body">Null for GET.</param>
    /// <param name="read">Throws <see cref="FormatException"/> where the answer is not what the API promises.</param>
    /// <exception cref="EndpointException">Refused, or failed in every try.</exception>
    public Task<T> SendAsync<T>(string route, JsonObject? body, Func<JsonElement, T> read, CancellationToken cancel) =>
        SendBytesAsync(route, body, content =>
        {
            using JsonDocument json = JsonDocument.Parse(content);
            return read(json.RootElement);
        }, cancel);

    /// <summary>Sends until it is done, whatever the answer says.</summary>
    /// <exception cref="EndpointException">Refused, or failed in every try.</exception>
    public Task PostAsync(string route, JsonObject body, CancellationToken cancel) => SendBytesAsync(route, body, _ => true, cancel);

    public void Dispose() => _client.Dispose();

    private async Task<T> SendBytesAsync<T>(string route, JsonObject? body, Func<byte[], T> read, CancellationToken cancel)
    {
        string? text = body?.ToJsonString(ReplyJson.Compact);
        return await _retries.ExecuteAsync(async token => await SendOnceAsync(route, text, read, token).ConfigureAwait(false), cancel)
            .ConfigureAwait(false);
    }

    private async Task<T> SendOnceAsync<T>(string route, string? body, Func<byte[], T> read, CancellationToken cancel)
    {
        TimeSpan wait;
        lock (_gate) wait = _notBefore - _clock.GetUtcNow();
        if (wait > TimeSpan.Zero) await Task.Delay(wait, _clock, cancel).ConfigureAwait(false);
        using var request = new HttpRequestMessage(body is null ? HttpMethod.Get : HttpMethod.Post,
            $"{_settings.BaseUrl.AbsoluteUri.TrimEnd('/')}/{route}");
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        try
        {
            using HttpResponseMessage response = await _client.SendAsync(request, cancel).ConfigureAwait(false);
            byte[] content = await response.Content.ReadAsByteArrayAsync(cancel).ConfigureAwait(false);
            if (response.StatusCode != HttpStatusCode.OK) throw Refused(response, content);
            return read(content);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or TaskCanceledException && !cancel.IsCancellationRequested)
        {
            throw new EndpointException(0, e switch
            {
                TaskCanceledException => $"no answer within {_settings.Timeout.TotalSeconds:0} s",
                // What happened to a connection that stood is told within.
                HttpRequestException { HttpRequestError: not HttpRequestError.ConnectionError, InnerException: { } inner } => inner.Message,
                _ => e.Message,
            }, inner: e);
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or KeyNotFoundException)
        {
            throw new EndpointException(200, $"the answer of {route} is not what the API promises: {e.Message}", inner: e);
        }
    }

    private EndpointException Refused(HttpResponseMessage response, byte[] content)
    {
        TimeSpan? after = response.Headers.RetryAfter is { } header ? header.Delta ?? header.Date - _clock.GetUtcNow() : null;
        if (after is { } given)
        {
            after = TimeSpan.FromTicks(Math.Clamp(given.Ticks, 0, s_longestRetryAfter.Ticks));
            lock (_gate)
            {
                DateTimeOffset until = _clock.GetUtcNow() + after.Value;
                if (until > _notBefore) _notBefore = until;
            }
        }
        int status = (int)response.StatusCode;
        return new EndpointException(status, $"{status} {response.ReasonPhrase}: {Message(content)}", after);
    }

    /// <summary>The message of an error in OpenAI's format, or the body's beginning.</summary>
    private static string Message(byte[] content)
    {
        const int Longest = 500;
        string text = Encoding.UTF8.GetString(content.AsSpan(0, Math.Min(content.Length, 4 * Longest)));
        try
        {
            JsonNode? error = JsonNode.Parse(content)?["error"];
            if ((error is JsonObject o ? o["message"] : error) is JsonValue message) text = message.ToString();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
        }
        return text.Length > Longest ? text[..Longest] + "…" : text;
    }
}
