namespace Hone.Data;

/// <summary>Where the hub is, where its files are kept, and who asks. The variables are those of Python's huggingface_hub.</summary>
/// <param name="Endpoint">Address of the hub.</param>
/// <param name="Cache">Folder of the cache, in the layout shared with huggingface_hub.</param>
/// <param name="Token">Sent to the endpoint and to nobody else; null for none.</param>
/// <param name="Offline">Use what the cache has; ask nobody.</param>
public sealed record HubSettings(Uri Endpoint, string Cache, string? Token, bool Offline)
{
    /// <summary>
    /// <c>HF_ENDPOINT</c>, <c>HF_HUB_CACHE</c>, <c>HF_HOME</c>, <c>XDG_CACHE_HOME</c>, <c>HF_TOKEN</c>,
    /// <c>HF_TOKEN_PATH</c>, <c>HF_HUB_OFFLINE</c>.
    /// </summary>
    /// <param name="variable">A variable of the environment, or null.</param>
    /// <param name="home">The user's folder.</param>
    /// <exception cref="InputException">The endpoint is no address.</exception>
    public static HubSettings From(Func<string, string?> variable, string home)
    {
        string? Text(string name) => string.IsNullOrWhiteSpace(variable(name)) ? null : variable(name)!.Trim();
        string hfHome = Text("HF_HOME") ?? Path.Combine(Text("XDG_CACHE_HOME") ?? Path.Combine(home, ".cache"), "huggingface");
        string endpoint = Text("HF_ENDPOINT") ?? "https://huggingface.co";
        if (!Uri.TryCreate(endpoint.TrimEnd('/') + "/", UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("http" or "https"))
            throw new InputException($"HF_ENDPOINT is `{endpoint}`, which is no address",
                fix: "Set it to something like https://huggingface.co, or remove it.");
        string tokenFile = Text("HF_TOKEN_PATH") ?? Path.Combine(hfHome, "token");
        string? token = Text("HF_TOKEN") ?? (File.Exists(tokenFile) ? SmallText.Read(tokenFile).Trim() : null);
        // A header holds visible ASCII; a line break in it would begin another header.
        if (token is not null && token.Any(c => c is < '!' or > '~'))
            throw new InputException("the token holds a space, a line break or a character outside of ASCII",
                Text("HF_TOKEN") is null ? tokenFile : "HF_TOKEN",
                "Copy it again from the settings of your account; it looks like hf_ and letters.");
        return new HubSettings(uri, Text("HF_HUB_CACHE") ?? Path.Combine(hfHome, "hub"), token is { Length: > 0 } ? token : null,
            Text("HF_HUB_OFFLINE")?.ToUpperInvariant() is "1" or "TRUE" or "YES" or "ON");
    }

    /// <summary>The settings of this process.</summary>
    public static HubSettings FromEnvironment() =>
        From(Environment.GetEnvironmentVariable, Environment.GetFolderPath(Environment.SpecialFolder.UserProfile));

    // The compiler's own would print the token.
    public override string ToString() => $"{Endpoint} cache {Cache}{(Token is null ? "" : " with a token")}{(Offline ? " offline" : "")}";
}
