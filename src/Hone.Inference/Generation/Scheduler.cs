using Hone.Inference.Constraints;
using Hone.Models;
using Hone.Text;

namespace Hone.Inference;

/// <summary>
/// Answers requests on an engine: each pass holds the next token of every answer that is being sampled and, in what room is left,
/// prompts or pieces of them; requests join and leave between passes. Everything runs on one thread, which lives while there is
/// something to do.
/// </summary>
/// <remarks>
/// Continuous batching as in Orca (Yu et al. 2022), blocks of cache that sequences share as in vLLM (Kwon et al. 2023,
/// arXiv 2309.06180), prompts in pieces as in Sarathi (Agrawal et al. 2023, arXiv 2308.16369). An answer depends on its prompt,
/// options and seed alone, to the rounding of products whose blocking changes with the rows.
/// </remarks>
internal sealed class Scheduler : IGenerationEngine, IDisposable
{
    private readonly Func<IForwardEngine> _create;
    private readonly TransformerConfig _config;
    private readonly BatchLimits _limits;
    private readonly StopRules _stops;
    private readonly Tokenizer? _tokenizer;
    private readonly KeptBetween _kept;
    private readonly ConstraintCache _formats;
    private readonly ThreadLocal<LogitsSampler> _sampler;
    private readonly Lock _gate = new();
    private readonly List<Submission> _arrived = [];
    private bool _working;
    // The engine and what runs on it: there while there is something to do, and longer where they are kept.
    private IForwardEngine? _engine;
    private RunningSequences? _sequences;
    private SharedPass? _pass;

    /// <param name="create">Makes the engine, which is the scheduler's to dispose of.</param>
    /// <param name="config">The model's.</param>
    /// <param name="stops">The ids that end an answer.</param>
    /// <param name="tokenizer">Needed for requests with stop strings or a format only.</param>
    /// <param name="limits">How much is computed side by side.</param>
    /// <param name="kept">What stays when nothing is left to do.</param>
    /// <exception cref="InputException">The model is a reward model.</exception>
    public Scheduler(
        Func<IForwardEngine> create, TransformerConfig config, StopRules stops, Tokenizer? tokenizer, BatchLimits limits, KeptBetween kept)
    {
        if (config.IsRewardModel)
            throw new InputException("a reward model has no vocabulary head and cannot generate text", fix: "Use a language model.");
        (_create, _config, _stops, _tokenizer, _limits, _kept) = (create, config, stops, tokenizer, limits, kept);
        _formats = new ConstraintCache(tokenizer, stops, config.VocabularySize);
        _sampler = new ThreadLocal<LogitsSampler>(() => new LogitsSampler(config.VocabularySize));
    }

    /// <inheritdoc/>
    public GenerationStream Submit(IReadOnlyList<GenerationRequest> requests, CancellationToken cancel = default)
    {
        int[] limits = [.. requests.Select((r, i) => Check(r, i, requests.Count))];
        TokenConstraint?[] formats = [.. requests.Select(r => r.Options.Constraint is { } format ? _formats.Of(format) : null)];
        var submission = new Submission(s => requests.SelectMany((r, i) =>
            Enumerable.Range(0, r.Count).Select(answer =>
                new AnswerInProgress(s, r, i, answer, limits[i], _tokenizer, formats[i]))), cancel);
        if (submission.IsComplete)
        {
            submission.End();
            return submission.Stream;
        }
        submission.OnCancelled(LeaveQueue);
        lock (_gate)
        {
            _arrived.Add(submission);
            if (!_working)
            {
                // A thread of its own has libtorch's own number of threads, which a pool's need not have.
                new Thread(Work) { IsBackground = true, Name = "hone-engine" }.UnsafeStart();
                _working = true;
            }
        }
        return submission.Stream;
    }

    /// <summary>Looks at the engine, which is made where there is none. To be called when nothing is being answered.</summary>
    /// <param name="measure">May write all of the engine's blocks.</param>
    public T Measure<T>(Func<IForwardEngine, T> measure)
    {
        (_sequences, _pass) = (null, null); // they know what blocks hold
        T found = measure(_engine ??= _create());
        Free(_kept);
        return found;
    }

    /// <summary>To be called when nothing is being answered.</summary>
    public void Dispose()
    {
        Free(KeptBetween.Nothing);
        _sampler.Dispose();
    }

    /// <summary>Ends what was cancelled before its turn came; what is being computed leaves at the next pass.</summary>
    private void LeaveQueue(Submission submission)
    {
        bool waited;
        lock (_gate) waited = _arrived.Remove(submission);
        if (waited) submission.End();
    }

    private void Work()
    {
        List<Submission> ended = [];
        while (true)
        {
            Submission[] arrived;
            bool idle;
            lock (_gate)
            {
                arrived = [.. _arrived];
                _arrived.Clear();
                idle = arrived.Length == 0 && _sequences?.AreAllDone != false;
                if (idle && ended.Count == 0)
                {
                    _working = false;
                    return;
                }
            }
            // Who waits for the last one finds no tensor of the engine's.
            if (idle) Free(_kept);
            ended.ForEach(s => s.End());
            ended.Clear();
            if (idle) continue;
            if (Sequences(arrived) is not { } sequences) continue;
            sequences.Admit(arrived);
            _pass!.Run();
            sequences.TakeEnded(ended);
        }
    }

    /// <summary>What runs on the engine, which is made where there is none; null where it cannot be made.</summary>
    private RunningSequences? Sequences(Submission[] arrived)
    {
        try
        {
            _engine ??= _create();
            if (_sequences is not null) return _sequences;
            _sequences = new RunningSequences(_engine, _config, _limits);
            _pass = new SharedPass(_engine, _sequences, _sampler, _stops, _config.VocabularySize);
            return _sequences;
        }
        catch (Exception e)
        {
            foreach (Submission submission in arrived)
            {
                submission.Failure = e;
                submission.End();
            }
            return null;
        }
    }

    private void Free(KeptBetween kept)
    {
        if (kept == KeptBetween.Prefixes) return;
        (_sequences, _pass) = (null, null);
        if (kept == KeptBetween.Weights) return;
        _engine?.Dispose();
        _engine = null;
    }

    /// <summary>The most new tokens of a request that can be served.</summary>
    private int Check(GenerationRequest request, int index, int count)
    {
        string? where = count > 1 ? $"request {index}" : null;
        request.Options.Validate(where);
        if (request.Count < 1) throw new InputException($"asks for {request.Count} answers", where, "Ask for 1 or more.");
        if (request.Options.Beams > 1 && request.Count > request.Options.Beams)
            throw new InputException(
                $"asks for {request.Count} answers of {request.Options.Beams} beams", where, "Ask for at most as many.");
        if (request.PromptIds.Length == 0)
            throw new InputException("the prompt is empty", where, "Give at least the beginning-of-text token.");
        if (request.PromptIds.Length >= _config.MaxPositions)
            throw new InputException(
                $"the prompt has {request.PromptIds.Length} tokens; the model's limit is {_config.MaxPositions}, answer included", where,
                "Shorten the prompt, or use a model with a longer context.");
        foreach (int id in request.PromptIds)
            if (id < 0 || id >= _config.VocabularySize)
                throw new InputException($"the prompt holds the id {id}, outside the model's vocabulary of {_config.VocabularySize}", where,
                    "Use the tokenizer that belongs to the model.");
        if (request.Options.StopStrings.Count > 0 && _tokenizer is null)
            throw new InputException(
                "stop strings need the model's tokenizer", where, "Give the tokenizer to the engine, or stop by token ids.");
        int limit = Math.Min(request.Options.NewTokenLimit(request.PromptIds.Length), _config.MaxPositions - request.PromptIds.Length);
        if (request.Options.Beams > 1 && _config.RotatesAnew(request.PromptIds.Length, request.PromptIds.Length + limit))
            throw new InputException("a beam search cannot go past the length from which this model rotates its tokens otherwise", where,
                "Ask for a shorter answer, or set num_beams to 1.");
        return limit;
    }
}
