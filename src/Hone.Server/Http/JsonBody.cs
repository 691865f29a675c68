using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;

namespace Hone.Server;

/// <summary>A request's body as JSON: UTF-8, no name twice, whole characters only.</summary>
internal static class JsonBody
{
    private static readonly JsonDocumentOptions s_strict = new() { AllowDuplicateProperties = false };

    /// <exception cref="ApiException">408: it takes too long. 415: it is of another type. 400: it is no such JSON.</exception>
    public static async Task<JsonDocument> ReadAsync(HttpRequest request, TimeSpan most, CancellationToken cancel)
    {
        if (!(request.ContentType?.Split(';')[0].Trim().Equals("application/json", StringComparison.OrdinalIgnoreCase) ?? false))
            throw new ApiException(415, "the body must be application/json");
        using var buffer = new MemoryStream();
        using var time = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        time.CancelAfter(most);
        try
        {
            await request.Body.CopyToAsync(buffer, time.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new ApiException(408, $"the body did not arrive within {most.TotalSeconds:0} seconds");
        }
        return Parse(buffer.GetBuffer().AsMemory(0, (int)buffer.Length));
    }

    internal static JsonDocument Parse(ReadOnlyMemory<byte> utf8)
    {
        if (!Utf8.IsValid(utf8.Span)) throw ApiException.Invalid("the body is not valid UTF-8");
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(utf8, s_strict);
        }
        catch (JsonException e)
        {
            throw ApiException.Invalid($"the body is not valid JSON: {e.Message}");
        }
        catch (InvalidOperationException) // a name with half a surrogate pair
        {
            throw HalfCharacter(null);
        }
        try
        {
            // JSON can escape half a character, which is no text.
            if (utf8.Span.IndexOf("\\u"u8) >= 0 && document.RootElement.ValueKind == JsonValueKind.Object)
                foreach (JsonProperty property in document.RootElement.EnumerateObject())
                    if (!IsText(property.Value)) throw HalfCharacter(property.Name);
            return document;
        }
        catch (Exception)
        {
            document.Dispose();
            throw;
        }
    }

    private static ApiException HalfCharacter(string? name) =>
        ApiException.Invalid($"{(name is null ? "a name" : $"`{name}`")} must be valid Unicode; it holds half a surrogate pair", name);

    private static bool IsText(JsonElement value)
    {
        try
        {
            return value.ValueKind switch
            {
                JsonValueKind.String => value.GetString() is not null,
                JsonValueKind.Array => value.EnumerateArray().All(IsText),
                JsonValueKind.Object => value.EnumerateObject().All(p => p.Name.Length >= 0 && IsText(p.Value)),
                _ => true,
            };
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
