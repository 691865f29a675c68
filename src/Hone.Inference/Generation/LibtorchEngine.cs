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
/// changes with the number of rows. Repeating a call on the same machine repeats its result exactly, as long as nothing
/// else is submitted. All that waits when the engine is free is answered together; a thread lives while there is work.
/// Only one engine at a time may use a model.
/// </remarks>
internal sealed class LibtorchEngine : IGenerationEngine
{
    private readonly Decoder _decoder;
    private readonly StopRules _stops;
    private readonly Tokenizer? _tokenizer;
    private readonly BatchLimits _limits;
    private readonly long _cacheTokens;
    private readonly Lock _gate = new();
    private readonly List<Submission> _waiting = [];
    private bool _working;

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
        _limits = limits ?? BatchLimits.For(model.Device);
        _cacheTokens = _limits.CacheTokens(model.Config, model.ComputeType);
    }

    /// <inheritdoc/>
    public GenerationStream Submit(IReadOnlyList<GenerationRequest> requests, CancellationToken cancel = default)
    {
        int[] limits = [.. requests.Select((r, i) => Check(r, i, requests.Count))];
        var submission = new Submission(s => requests.SelectMany((r, i) =>
            Enumerable.Range(0, r.Count).Select(answer => new AnswerInProgress(s, r, i, answer, limits[i], _tokenizer))), cancel);
        if (submission.Answers.Count == 0)
        {
            submission.End();
            return submission.Stream;
        }
        submission.OnCancelled(LeaveQueue);
        lock (_gate)
        {
            _waiting.Add(submission);
            if (!_working)
            {
                // A thread of its own has libtorch's own number of threads, which a pool's need not have.
                new Thread(Work) { IsBackground = true, Name = "hone-engine" }.UnsafeStart();
                _working = true;
            }
        }
        return submission.Stream;
    }

    /// <summary>Ends what was cancelled before its turn came; what is being computed leaves its batch by itself.</summary>
    private void LeaveQueue(Submission submission)
    {
        bool waited;
        lock (_gate) waited = _waiting.Remove(submission);
        if (waited) submission.End();
    }

    private void Work()
    {
        while (true)
        {
            Submission[] batch;
            lock (_gate)
            {
                batch = [.. _waiting];
                _waiting.Clear();
                _working = batch.Length > 0;
            }
            if (batch.Length == 0) return;
            Exception? failure = null;
            try
            {
                Run(batch);
            }
            catch (Exception e)
            {
                failure = e;
            }
            foreach (Submission submission in batch) submission.End(failure);
        }
    }

    private void Run(Submission[] submissions)
    {
        int open = submissions.Length;
        // The last one ends when all is put away, so that who waits for it finds no tensor and no thread of the engine's.
        void Leave(Submission submission)
        {
            if (submission.Leave() && Interlocked.Decrement(ref open) > 0) submission.End();
        }
        void RunBatch(AnswerInProgress[] answers) => new GenerationBatch(_decoder, _stops, _limits, answers, Leave).Run();

        int threads = _decoder.Model.Device.type == DeviceType.CPU ? torch.get_num_threads() : 1;
        AnswerInProgress[][] batches =
            [.. Batches.Divide([.. submissions.SelectMany(s => s.Answers)], _limits.Rows, _cacheTokens, atLeast: threads)];
        if (threads > 1 && batches.Length > 1) SingleThreads.ForEach(batches, threads, RunBatch);
        else Array.ForEach(batches, RunBatch);
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
