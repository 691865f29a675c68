namespace Hone.Inference;

/// <summary>
/// What becomes of submitted requests. Both parts end together, and in the same way: with the answers, with
/// <see cref="OperationCanceledException"/> after cancellation, or with the engine's failure.
/// </summary>
/// <param name="Tokens">
/// Tokens as they are sampled, kept until they are read, by one reader. Those of an answer come in order; those of several
/// answers are mixed as it happens.
/// </param>
/// <param name="Completions">All answers, in the order of requests and answer indices.</param>
public sealed record GenerationStream(IAsyncEnumerable<GeneratedToken> Tokens, Task<IReadOnlyList<Completion>> Completions);
