using System.Net;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Hone.Server;

/// <summary>
/// One model behind the OpenAI API: <c>/v1/models</c>, <c>/v1/completions</c> and <c>/v1/chat/completions</c>, without streaming.
/// Every refusal and failure comes back in OpenAI's format.
/// </summary>
/// <remarks>
/// A page in a browser must not reach it: bodies have to be application/json, which asks a browser for permission that is
/// never given, and on loopback the host must be a name of loopback, so that no foreign name can be pointed here.
/// </remarks>
public static class HoneServer
{
    private const long MostBody = 32 << 20;
    private static readonly JsonDocumentOptions s_strict = new() { AllowDuplicateProperties = false };
    private static readonly JsonSerializerOptions s_written = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A server that is ready to start.</summary>
    /// <param name="model">Stays the caller's.</param>
    /// <param name="port">0 for any free one.</param>
    /// <param name="apiKey">What every request must carry as a bearer token; null for none, on loopback only.</param>
    /// <exception cref="InputException">An address beyond loopback without a key.</exception>
    public static WebApplication Create(ServedModel model, IPAddress address, int port, string? apiKey, TimeProvider clock)
    {
        bool loopback = IPAddress.IsLoopback(address);
        if (!loopback && string.IsNullOrEmpty(apiKey))
            throw new InputException($"{address} can be reached from other machines, and no key is set",
                fix: "Set HONE_API_KEY, or serve on 127.0.0.1.");
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(address, port);
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MostBody;
        });
        builder.Logging.ClearProviders();
        WebApplication app = builder.Build();
        app.Run(async context =>
        {
            (int status, JsonObject answer) = await Refusals(context, async () =>
            {
                Admit(context.Request, loopback, apiKey);
                return await Route(context, model, clock).ConfigureAwait(false);
            }).ConfigureAwait(false);
            if (!context.RequestAborted.IsCancellationRequested) await WriteAsync(context, status, answer).ConfigureAwait(false);
        });
        return app;
    }

    private static async Task<JsonObject> Route(HttpContext context, ServedModel model, TimeProvider clock)
    {
        const string Models = "/v1/models";
        HttpRequest request = context.Request;
        string path = request.Path.Value ?? "";
        string allowed = path is "/v1/completions" or "/v1/chat/completions" ? "POST"
            : path is Models or "/health" || path.StartsWith(Models + "/", StringComparison.Ordinal) ? "GET"
            : throw new ApiException(404, $"there is no {path} here");
        if (request.Method != allowed) throw new ApiException(405, $"{path} takes {allowed}, not {request.Method}");
        switch (path)
        {
            case "/health": return new JsonObject { ["status"] = "ok" };
            case Models: return new JsonObject { ["object"] = "list", ["data"] = new JsonArray(Describe(model, clock)) };
            case "/v1/completions" or "/v1/chat/completions":
                using (JsonDocument body = await ReadAsync(context).ConfigureAwait(false))
                {
                    return path == "/v1/completions"
                        ? await CompletionRoute.AnswerAsync(model, body.RootElement,
                            clock.GetUtcNow(), context.RequestAborted).ConfigureAwait(false)
                        : await ChatRoute.AnswerAsync(model, body.RootElement,
                            clock.GetUtcNow(), context.RequestAborted).ConfigureAwait(false);
                }
            default:
                string name = path[(Models.Length + 1)..];
                return name == model.Name ? Describe(model, clock) : throw AnswerSettings.NoSuchModel(name, model);
        }
    }

    private static JsonObject Describe(ServedModel model, TimeProvider clock) => new()
    {
        ["id"] = model.Name,
        ["object"] = "model",
        ["created"] = clock.GetUtcNow().ToUnixTimeSeconds(),
        ["owned_by"] = "hone",
        ["max_model_len"] = model.Context,
    };

    private static void Admit(HttpRequest request, bool loopback, string? apiKey)
    {
        if (loopback && !IsLoopback(request.Host.Host))
            throw new ApiException(403, $"the host `{request.Host.Host}` is not this machine's loopback");
        if (!string.IsNullOrEmpty(apiKey) && !IsKey(request.Headers.Authorization.ToString(), apiKey))
            throw new ApiException(401, "the key is missing or wrong", code: "invalid_api_key");
    }

    /// <summary>An answer with its status, whatever went wrong on the way to it.</summary>
    private static async Task<(int Status, JsonObject Answer)> Refusals(HttpContext context, Func<Task<JsonObject>> answer)
    {
        try
        {
            return (200, await answer().ConfigureAwait(false));
        }
        catch (ApiException e)
        {
            return (e.Status, e.ToJson());
        }
        catch (BadHttpRequestException e)
        {
            return (e.StatusCode,
                ApiException.Json(e.StatusCode, e.StatusCode == 413 ? $"the body is larger than {MostBody >> 20} MiB" : e.Message));
        }
        catch (InputException e)
        {
            return (400, ApiException.Json(400, e.Message));
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            return (499, []); // nobody waits for it
        }
        catch (Exception e)
        {
            return (500, ApiException.Json(500, $"{e.GetType().Name}: {e.Message}"));
        }
    }

    private static bool IsLoopback(string host) => host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address));

    private static bool IsKey(string header, string apiKey) => System.Security.Cryptography.CryptographicOperations.FixedTimeEquals(
        Encoding.UTF8.GetBytes(header), Encoding.UTF8.GetBytes($"Bearer {apiKey}"));

    private static async Task<JsonDocument> ReadAsync(HttpContext context)
    {
        if (!(context.Request.ContentType?.Split(';')[0].Trim().Equals("application/json", StringComparison.OrdinalIgnoreCase) ?? false))
            throw new ApiException(415, "the body must be application/json");
        try
        {
            return await JsonDocument.ParseAsync(context.Request.Body, s_strict, context.RequestAborted).ConfigureAwait(false);
        }
        catch (JsonException e)
        {
            throw ApiException.Invalid($"the body is not valid JSON: {e.Message}");
        }
    }

    private static Task WriteAsync(HttpContext context, int status, JsonObject json)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(json, s_written);
        context.Response.ContentLength = body.Length;
        return context.Response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }
}
