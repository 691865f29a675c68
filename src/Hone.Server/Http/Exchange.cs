using System.Diagnostics;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Inference;
using Microsoft.AspNetCore.Http;

namespace Hone.Server;

/// <summary>One request while it is answered: what it reads from, writes to and is counted in, and what ends it.</summary>
internal sealed class Exchange : IDisposable
{
    public static readonly JsonSerializerOptions Written = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly CancellationToken _closing;
    private readonly CancellationTokenSource _end;
    private JsonDocument? _body;

    public Exchange(HttpContext http, ServedModels models, ServerLimits limits, ServerMetrics metrics, TimeProvider clock,
        CancellationToken closing)
    {
        (Http, Models, Limits, Metrics, _closing) = (http, models, limits, metrics, closing);
        Now = clock.GetUtcNow();
        _end = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, closing);
        _end.CancelAfter(limits.RequestTime);
    }

    public HttpContext Http { get; }

    public ServedModels Models { get; }

    public ServerLimits Limits { get; }

    public ServerMetrics Metrics { get; }

    public DateTimeOffset Now { get; }

    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(_start);

    /// <summary>Set when the client has left, the request has had its time, or the server is closing.</summary>
    public CancellationToken Cancel => _end.Token;

    /// <summary>What to tell a client whose request was cancelled; null where it has left.</summary>
    public ApiException? WhyCancelled =>
        Http.RequestAborted.IsCancellationRequested ? null
        : _closing.IsCancellationRequested ? new ApiException(503, "the server is closing", code: "closing")
        : new ApiException(504, $"the request took longer than {Limits.RequestTime.TotalSeconds:0} seconds", code: "timeout");

    /// <summary>The fields of the request's body, which is read once and kept as long as the exchange.</summary>
    /// <exception cref="ApiException">It is not the JSON that is wanted.</exception>
    public async Task<RequestFields> FieldsAsync()
    {
        _body = await JsonBody.ReadAsync(Http.Request, Limits.BodyTime, Cancel).ConfigureAwait(false);
        return new RequestFields(_body.RootElement);
    }

    public Task WriteAsync(JsonObject json) =>
        WriteAsync(Http, JsonSerializer.SerializeToUtf8Bytes(json, Written), "application/json", 200);

    public Task WriteAsync(string text, string type) => WriteAsync(Http, Encoding.UTF8.GetBytes(text), type, 200);

    /// <summary>An answer to a request of which nothing else need be known.</summary>
    public static Task WriteAsync(HttpContext http, byte[] body, string type, int status)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = type;
        http.Response.ContentLength = body.Length;
        return http.Response.Body.WriteAsync(body, http.RequestAborted).AsTask();
    }

    /// <summary>Tokens as they are sampled, counted. When the reader leaves early, the rest is cancelled.</summary>
    /// <exception cref="InputException">A prompt or an option cannot be served.</exception>
    public async IAsyncEnumerable<GeneratedToken> SampleAsync(ServedModel model, IReadOnlyList<GenerationRequest> requests)
    {
        Metrics.Prompt(requests.Sum(r => r.PromptIds.Length));
        bool running = false;
        Metrics.Wait(1);
        try
        {
            await foreach (GeneratedToken token in model.SampleAsync(requests, Cancel).ConfigureAwait(false))
            {
                if (!running)
                {
                    running = true;
                    Metrics.Wait(-1);
                    Metrics.Run(1);
                    Metrics.FirstToken(Elapsed);
                }
                Metrics.Sampled();
                yield return token;
            }
        }
        finally
        {
            if (running) Metrics.Run(-1);
            else Metrics.Wait(-1);
        }
    }

    /// <summary>All answers, in the order of requests and answer indices.</summary>
    /// <exception cref="InputException">A prompt or an option cannot be served.</exception>
    public async Task<Completion[]> CompleteAsync(ServedModel model, IReadOnlyList<GenerationRequest> requests)
    {
        List<Completion> answers = [];
        await foreach (GeneratedToken token in SampleAsync(model, requests).ConfigureAwait(false))
            if (token.Answer is { } answer) answers.Add(answer);
        return [.. answers.OrderBy(a => a.RequestIndex).ThenBy(a => a.AnswerIndex)];
    }

    public void Dispose()
    {
        _end.Dispose();
        _body?.Dispose();
    }
}
