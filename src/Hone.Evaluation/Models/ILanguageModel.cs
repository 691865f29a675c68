namespace Hone.Evaluation;

/// <summary>
/// The one seam between models and everything that judges them: continue a prompt, or say how likely a given continuation
/// is. An engine in this process implements it, and so does a client of any OpenAI-compatible endpoint.
/// </summary>
/// <remarks>
/// Requests go in as one list, so that an implementation can batch them, share prefixes or send them side by side; replies
/// come back in any order, each as soon as it is known, so that the caller can write it down before the next.
/// </remarks>
public interface ILanguageModel
{
    /// <summary>What is known of the model.</summary>
    ModelInfo Info { get; }

    /// <summary>One answer per request.</summary>
    /// <exception cref="InputException">A request cannot be served by any try: a wrong option, no chat template, a refused key.</exception>
    IAsyncEnumerable<Reply<Answer>> GenerateAsync(IReadOnlyList<GenerateRequest> requests, CancellationToken cancel = default);

    /// <summary>The log-likelihood of one continuation per request.</summary>
    /// <exception cref="InputException">The model cannot score, or a request cannot be served by any try.</exception>
    IAsyncEnumerable<Reply<Likelihood>> ScoreAsync(IReadOnlyList<ScoreRequest> requests, CancellationToken cancel = default);
}

/// <summary>A reply to the request at <paramref name="Index"/> of the list.</summary>
public readonly record struct Reply<T>(int Index, T Value);

/// <summary>What is known of a model.</summary>
/// <param name="Name">What results name it by: a folder's name or an endpoint's model id.</param>
/// <param name="Identity">Tells this model from every other, for stored answers: a digest of its files, or address and model id.</param>
public sealed record ModelInfo(string Name, string Identity)
{
    /// <summary>Longest prompt and answer together, in tokens; null where unknown.</summary>
    public int? ContextLength { get; init; }

    /// <summary>True with a chat template, false without; null where unknown.</summary>
    public bool? HasChatTemplate { get; init; }
}
