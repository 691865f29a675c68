using System.Runtime.CompilerServices;

namespace Hone.Inference;

/// <summary>The usual ways to wait for a submission.</summary>
public static class GenerationEngineExtensions
{
    /// <summary>Answers for all requests, in the order of requests and answer indices, whatever order they finish in.</summary>
    /// <param name="engine">Samples the answers.</param>
    /// <param name="requests">Prompts with their options.</param>
    /// <param name="onToken">Called for every token, from the calling thread, an answer's in order; null for none.</param>
    /// <param name="cancel">Stops the generation at the next step.</param>
    /// <exception cref="InputException">
    /// A prompt is empty or too long for the model, an id is outside the vocabulary, or an option is out of range.
    /// </exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/> was set.</exception>
    public static IReadOnlyList<Completion> Generate(this IGenerationEngine engine,
        IReadOnlyList<GenerationRequest> requests, Action<GeneratedToken>? onToken = null, CancellationToken cancel = default)
    {
        if (onToken is not null)
        {
            List<Completion> answers = [];
            foreach (GeneratedToken token in engine.StreamAsync(requests, cancel).ToBlockingEnumerable(CancellationToken.None))
            {
                onToken(token);
                if (token.Answer is { } answer) answers.Add(answer);
            }
            return [.. answers.OrderBy(a => a.RequestIndex).ThenBy(a => a.AnswerIndex)];
        }
        Task<IReadOnlyList<Completion>> completions = engine.Submit(requests, cancel).Completions;
        Task.WaitAny([completions], CancellationToken.None); // throws nothing: how it ended is told below
        return completions.IsCanceled ? throw new OperationCanceledException(cancel) : completions.GetAwaiter().GetResult();
    }

    /// <summary>
    /// Tokens as they are sampled. When the reader leaves early, the rest is cancelled; in every case the engine is done with
    /// the requests when the enumeration has ended.
    /// </summary>
    /// <inheritdoc cref="Generate" path="/param"/>
    /// <inheritdoc cref="Generate" path="/exception"/>
    public static async IAsyncEnumerable<GeneratedToken> StreamAsync(
        this IGenerationEngine engine, IReadOnlyList<GenerationRequest> requests,
        [EnumeratorCancellation] CancellationToken cancel = default)
    {
        using var abandoned = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        GenerationStream stream = engine.Submit(requests, abandoned.Token);
        try
        {
            await foreach (GeneratedToken token in stream.Tokens.ConfigureAwait(false))
            {
                cancel.ThrowIfCancellationRequested();
                yield return token;
            }
        }
        finally
        {
            await abandoned.CancelAsync().ConfigureAwait(false);
            await ((Task)stream.Completions).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
