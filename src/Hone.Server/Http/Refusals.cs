using Microsoft.AspNetCore.Http;

namespace Hone.Server;

/// <summary>Whose format errors have.</summary>
internal enum ErrorStyle
{
    /// <summary>An object with message, type, param and code.</summary>
    OpenAI,

    /// <summary>A message alone.</summary>
    Ollama,
}

/// <summary>What went wrong, told to the client: with a status, or in the middle of a stream as its last event.</summary>
internal static class Refusals
{
    private const string Json = "application/json";

    /// <summary>What to tell; null where nobody waits for it.</summary>
    public static ApiException? Of(Exception error, Exchange exchange) => error switch
    {
        ApiException refused => refused,
        BadHttpRequestException { StatusCode: 413 } =>
            new ApiException(413, $"the body is larger than {exchange.Limits.BodyBytes >> 20} MiB"),
        BadHttpRequestException bad => new ApiException(bad.StatusCode, bad.Message),
        _ when exchange.Http.RequestAborted.IsCancellationRequested => null,
        OperationCanceledException when exchange.Cancel.IsCancellationRequested => exchange.WhyCancelled,
        InputException input => ApiException.Invalid(input.Message),
        _ => new ApiException(500, $"{error.GetType().Name}: {error.Message}"),
    };

    public static async Task SendAsync(ApiException refusal, HttpContext http, ErrorStyle style)
    {
        HttpResponse response = http.Response;
        try
        {
            if (!response.HasStarted)
            {
                if (refusal.Status == 429) response.Headers.RetryAfter = "1";
                await Exchange.WriteAsync(http, refusal.Body(style), Json, refusal.Status).ConfigureAwait(false);
                return;
            }
            // The status has gone out; only a stream has begun before its end was known.
            bool events = style == ErrorStyle.OpenAI;
            var stream = new JsonStream(response, events);
            await stream.WriteAsync(refusal.Body(style), http.RequestAborted).ConfigureAwait(false);
            if (events) await stream.DoneAsync(http.RequestAborted).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The client has left.
        }
    }
}
