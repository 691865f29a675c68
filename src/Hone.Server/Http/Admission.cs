using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Hone.Server;

/// <summary>
/// Who may ask at all. A foreign page in a browser must not reach a server on loopback: its <c>Origin</c> is refused, and the
/// host must be a name of loopback, so that no foreign name can be pointed here.
/// </summary>
internal sealed class Admission(bool loopback, string? apiKey)
{
    /// <summary>403 or 401; null where the request may come in.</summary>
    public ApiException? Refusal(HttpRequest request, bool needsKey)
    {
        if (loopback && !IsLoopback(request.Host.Host))
            return new ApiException(403, $"the host `{request.Host.Host}` is not this machine's loopback");
        foreach (string? origin in request.Headers.Origin)
            if (!Uri.TryCreate(origin, UriKind.Absolute, out Uri? page)
                || !page.Authority.Equals(request.Host.Value, StringComparison.OrdinalIgnoreCase))
                return new ApiException(403, "pages of other sites may not use this server", code: "foreign_origin");
        return needsKey && !string.IsNullOrEmpty(apiKey) && !IsKey(request.Headers.Authorization.ToString(), apiKey)
            ? new ApiException(401, "the key is missing or wrong", code: "invalid_api_key") : null;
    }

    private static bool IsLoopback(string host) => host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address));

    private static bool IsKey(string header, string apiKey) => CryptographicOperations.FixedTimeEquals(
        Encoding.UTF8.GetBytes(header), Encoding.UTF8.GetBytes($"Bearer {apiKey}"));
}
