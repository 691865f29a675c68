namespace Hone.Inference;

/// <summary>What samples answers from a model. Engines differ in speed and number format, not in meaning.</summary>
public interface IGenerationEngine
{
    /// <summary>
    /// Begins to answer and returns at once. Requests of one call are admitted together, so that the batches they make, and
    /// with them the rounding, are the same every time; what else is submitted changes no answer beyond that rounding.
    /// </summary>
    /// <param name="requests">Prompts with their options.</param>
    /// <param name="cancel">Takes these requests out at the next step; others are not touched.</param>
    /// <exception cref="InputException">
    /// A prompt is empty or too long for the model, an id is outside the vocabulary, or an option is out of range.
    /// </exception>
    GenerationStream Submit(IReadOnlyList<GenerationRequest> requests, CancellationToken cancel = default);
}
