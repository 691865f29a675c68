namespace Hone.Server;

/// <summary>What one server takes on; what is more is refused.</summary>
internal sealed record ServerLimits
{
    /// <summary>Requests that wait or are computed; the next one is answered with 429.</summary>
    public int Requests { get; init; } = 256;

    /// <summary>Tokens that one request may have sampled: prompts times answers times their longest length.</summary>
    public long SampledTokens { get; init; } = 1 << 20;

    /// <summary>Tokens of all prompts of a request.</summary>
    public long PromptTokens { get; init; } = 1 << 20;

    public long BodyBytes { get; init; } = 32 << 20;

    /// <summary>How long a body may take to arrive.</summary>
    public TimeSpan BodyTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a request may take, its waiting included.</summary>
    public TimeSpan RequestTime { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long requests may go on once the server is asked to end.</summary>
    public TimeSpan ClosingTime { get; init; } = TimeSpan.FromSeconds(5);
}
