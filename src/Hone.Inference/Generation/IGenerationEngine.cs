namespace Hone.Inference;

/// <summary>What samples answers from a model. Engines differ in speed and number format, not in meaning.</summary>
public interface IGenerationEngine
{
    /// <summary>Answers for all requests, in the order of requests and answer indices, whatever order they finish in.</summary>
    /// <param name="requests">Prompts with their options.</param>
    /// <param name="onToken">Called for every token as it is sampled, from the calling thread; null for none.</param>
    /// <param name="cancel">Stops the generation at the next step.</param>
    /// <exception cref="InputException">
    /// A prompt is empty or too long for the model, an id is outside the vocabulary, or an option is out of range.
    /// </exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/> was set.</exception>
    IReadOnlyList<Completion> Generate(
        IReadOnlyList<GenerationRequest> requests, Action<GeneratedToken>? onToken = null, CancellationToken cancel = default);
}
