using Hone.Models;
using Hone.Text;
using TorchSharp;

namespace Hone.Inference;

/// <summary>
/// The reference engine: libtorch, in the model's own number format, on the model's device. Prompts are computed once
/// however many answers they get; answers advance together, one token per step; finished ones leave the batch.
/// </summary>
/// <remarks>
/// An answer depends on its prompt, options, seed and index only, to the rounding of matrix products whose blocking
/// changes with the number of rows. Repeating a call on the same machine repeats its result exactly. Calls from several
/// threads are served one after the other; only one engine at a time may use a model.
/// </remarks>
public sealed class LibtorchEngine : IGenerationEngine
{
    private readonly Decoder _decoder;
    private readonly StopRules _stops;
    private readonly Tokenizer? _tokenizer;
    private readonly BatchLimits _limits;
    private readonly Lock _gate = new();

    /// <param name="model">A language model; stays the caller's, and its weights are read in place at every call.</param>
    /// <param name="stops">The ids that end an answer.</param>
    /// <param name="tokenizer">Needed for requests with stop strings only.</param>
    /// <param name="limits">Batch limits; null for those of the model's device.</param>
    /// <exception cref="InputException">The model is a reward model.</exception>
    public LibtorchEngine(Transformer model, StopRules stops, Tokenizer? tokenizer = null, BatchLimits? limits = null)
    {
        if (model.Config.IsRewardModel)
            throw new InputException("a reward model has no vocabulary head and cannot generate text", fix: "Use a language model.");
        _decoder = new Decoder(model);
        _stops = stops;
        _tokenizer = tokenizer;
        _limits = limits ?? (model.Device.type == DeviceType.CPU ? BatchLimits.ForCpu : BatchLimits.ForAccelerator);
    }

    /// <inheritdoc/>
    public IReadOnlyList<Completion> Generate(
        IReadOnlyList<GenerationRequest> requests, Action<GeneratedToken>? onToken = null, CancellationToken cancel = default)
    {
        var answers = new List<AnswerInProgress>(requests.Sum(r => r.Count));
        for (int i = 0; i < requests.Count; i++)
        {
            int limit = Check(requests[i], i, requests.Count);
            for (int answer = 0; answer < requests[i].Count; answer++)
                answers.Add(new AnswerInProgress(requests[i], i, answer, limit, _tokenizer));
        }
        if (answers.Count > 0)
        {
            lock (_gate) Run(answers, onToken, cancel);
        }
        return [.. answers.Select(a => a.Complete())];
    }

    private void Run(List<AnswerInProgress> answers, Action<GeneratedToken>? onToken, CancellationToken cancel)
    {
        void RunWave(AnswerInProgress[] wave) => new GenerationWave(_decoder, _stops, _limits, wave, onToken).Run(cancel);

        int threads = onToken is null && _decoder.Model.Device.type == DeviceType.CPU ? torch.get_num_threads() : 1;
        AnswerInProgress[][] waves = [.. Waves.Divide(answers, _limits, atLeast: threads)];
        if (threads > 1 && waves.Length > 1) SingleThreads.ForEach(waves, threads, RunWave);
        else Array.ForEach(waves, RunWave);
    }

    /// <summary>The most new tokens of a request that can be served.</summary>
    private int Check(GenerationRequest request, int index, int count)
    {
        string? where = count > 1 ? $"request {index}" : null;
        TransformerConfig config = _decoder.Model.Config;
        request.Options.Validate(where);
        if (request.Count < 1) throw new InputException($"asks for {request.Count} answers", where, "Ask for 1 or more.");
        if (request.PromptIds.Length == 0)
            throw new InputException("the prompt is empty", where, "Give at least the beginning-of-text token.");
        if (request.PromptIds.Length >= config.MaxPositions)
            throw new InputException(
                $"the prompt has {request.PromptIds.Length} tokens; the model's limit is {config.MaxPositions}, answer included", where,
                "Shorten the prompt, or use a model with a longer context.");
        foreach (int id in request.PromptIds)
            if (id < 0 || id >= config.VocabularySize)
                throw new InputException($"the prompt holds the id {id}, outside the model's vocabulary of {config.VocabularySize}", where,
                    "Use the tokenizer that belongs to the model.");
        if (request.Options.StopStrings.Count > 0 && _tokenizer is null)
            throw new InputException(
                "stop strings need the model's tokenizer", where, "Give the tokenizer to the engine, or stop by token ids.");
        return Math.Min(request.Options.NewTokenLimit(request.PromptIds.Length), config.MaxPositions - request.PromptIds.Length);
    }
}
