namespace Hone.Evaluation;

/// <summary>Where an OpenAI-compatible endpoint is and how it is asked.</summary>
public sealed record EndpointSettings
{
    /// <summary>The address up to and with the version, such as <c>http://127.0.0.1:8000/v1</c>.</summary>
    public required Uri BaseUrl { get; init; }

    /// <summary>The model's id there; null where the endpoint serves one only.</summary>
    public string? Model { get; init; }

    /// <summary>Sent as a bearer token; null for none.</summary>
    public string? ApiKey { get; init; }

    /// <summary>Requests under way at a time.</summary>
    public int Concurrency { get; init; } = 8;

    /// <summary>
    /// How often a request is sent before it is given up: after 408, 409, 429 and 5xx, a cut connection, a time-out, or
    /// an answer that is none.
    /// </summary>
    public int Tries { get; init; } = 8;

    /// <summary>Wait before the second try; it doubles from try to try, up to a minute. A server's Retry-After goes before it.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest wait for one answer.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The address of a user's flag.</summary>
    /// <exception cref="InputException">It is no address of http or https.</exception>
    public static Uri Address(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? address) || address.Scheme is not ("http" or "https"))
            throw new InputException($"`{text}` is no address of an endpoint", fix: "For example http://127.0.0.1:8000/v1");
        foreach (string route in (string[])["/chat/completions", "/completions", "/models"])
            if (address.AbsolutePath.TrimEnd('/').EndsWith(route, StringComparison.Ordinal))
                throw new InputException($"`{text}` names a route", fix: $"Give the address before {route}.");
        return address;
    }
}
