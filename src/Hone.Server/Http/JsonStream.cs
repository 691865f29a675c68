using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Hone.Server;

/// <summary>
/// JSON objects that are sent one by one as they come: server-sent events, or lines of their own (NDJSON). The status is sent with
/// the first, so that what fails before it is refused as any request is.
/// </summary>
internal sealed class JsonStream(HttpResponse response, bool events)
{
    public async Task WriteAsync(JsonObject item, CancellationToken cancel) =>
        await WriteAsync(JsonSerializer.SerializeToUtf8Bytes(item, Exchange.Written), cancel).ConfigureAwait(false);

    /// <summary>OpenAI's event of usage: a chunk's head without choices.</summary>
    public async Task UsageAsync(JsonObject head, int prompt, int completion, CancellationToken cancel)
    {
        head["choices"] = new JsonArray();
        head["usage"] = CompletionRoute.Usage(prompt, completion);
        await WriteAsync(head, cancel).ConfigureAwait(false);
    }

    /// <summary>OpenAI's last event.</summary>
    public async Task DoneAsync(CancellationToken cancel) => await WriteAsync("[DONE]"u8.ToArray(), cancel).ConfigureAwait(false);

    public async Task WriteAsync(byte[] item, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        // Kestrel aborts a connection whose write is cancelled: a time limit would then cut the client off before it is told why.
        CancellationToken gone = response.HttpContext.RequestAborted;
        if (!response.HasStarted)
        {
            response.ContentType = events ? "text/event-stream; charset=utf-8" : "application/x-ndjson";
            response.Headers.CacheControl = "no-cache";
            response.Headers["X-Accel-Buffering"] = "no"; // a proxy is to pass events on at once
        }
        byte[] before = events ? "data: "u8.ToArray() : [], after = Encoding.ASCII.GetBytes(events ? "\n\n" : "\n");
        await response.Body.WriteAsync((byte[])[.. before, .. item, .. after], gone).ConfigureAwait(false);
        await response.Body.FlushAsync(gone).ConfigureAwait(false);
    }
}
