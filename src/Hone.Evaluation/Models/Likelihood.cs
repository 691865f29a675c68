namespace Hone.Evaluation;

/// <summary>
/// A continuation whose likelihood is asked for. Tokens are split as lm-evaluation-harness does: whole = ids(context +
/// continuation), continuation = whole after the first |ids(context)|; spaces at the end of the context belong to the
/// continuation.
/// </summary>
public sealed record ScoreRequest(ModelPrompt Context, string Continuation);

/// <summary>How likely a continuation is.</summary>
/// <param name="LogProb">Summed natural log-probability of its tokens.</param>
public sealed record Likelihood(double LogProb)
{
    /// <summary>True when every token of it is the likeliest one.</summary>
    public bool IsGreedy { get; init; }

    /// <summary>Tokens of the continuation.</summary>
    public int Tokens { get; init; }

    /// <summary>Tokens cut from the context's start to make it fit; 0 for none.</summary>
    public int DroppedTokens { get; init; }

    /// <summary>Whether the context began with two BOS.</summary>
    public bool DoubleBos { get; init; }

    /// <summary>Why there is no figure after all tries; null where there is one.</summary>
    public string? Error { get; init; }
}
