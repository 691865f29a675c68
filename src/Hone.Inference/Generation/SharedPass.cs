using Hone.Models;

namespace Hone.Inference;

/// <summary>
/// One pass after the other: what is to be computed goes to the engine, what it says is sampled from, and a failure is kept to those
/// that it concerns. In the steady state nothing is allocated but what keeps the tokens themselves.
/// </summary>
internal sealed class SharedPass : ITokenDraws
{
    private readonly IForwardEngine _engine;
    private readonly RunningSequences _sequences;
    private readonly ThreadLocal<LogitsSampler> _sampler;
    private readonly StopRules _stops;
    private readonly int _vocabulary;
    private readonly LogitsReader _reader;
    // What the engine gets: the parts, and behind one with a guess a part for each of its tokens; whose each is, and its place there.
    private readonly List<SequencePart> _parts = [];
    private readonly List<(int Index, int Place)> _owners = [];
    private IReadOnlyList<(CachedSequence Sequence, SequencePart Part)> _pass = [];
    private bool[] _read = [];
    private float[] _guessLogits = [];

    public SharedPass(
        IForwardEngine engine, RunningSequences sequences, ThreadLocal<LogitsSampler> sampler, StopRules stops, int vocabulary)
    {
        (_engine, _sequences, _sampler, _stops, _vocabulary) = (engine, sequences, sampler, stops, vocabulary);
        _reader = Read;
    }

    public void Run()
    {
        _sequences.StepSearches(_stops);
        try
        {
            _pass = _sequences.NextPass();
        }
        catch (Exception e)
        {
            _sequences.Fail(e); // the engine gives no memory
            return;
        }
        if (_pass.Count == 0) return;
        PutTogether();
        try
        {
            _engine.Forward(_parts, _reader, this);
        }
        catch (Exception e)
        {
            Recover(e);
        }
        for (int i = 0; i < _pass.Count; i++)
        {
            (CachedSequence sequence, SequencePart part) = _pass[i];
            if (!sequence.Guess.IsEmpty) SampleGuess(sequence);
            _sequences.Finish(sequence, part);
        }
    }

    /// <inheritdoc/>
    bool ITokenDraws.AddTo(List<TokenDraw> draws, int part)
    {
        CachedSequence sequence = _pass[_owners[part].Index].Sequence;
        IReadOnlyList<AnswerInProgress> answers = sequence.Answers;
        if (!sequence.Guess.IsEmpty || answers.Any(answer => !TensorSampler.Takes(answer.Options))) return false;
        draws.AddRange(answers.Select(answer => answer.Draw));
        return true;
    }

    /// <inheritdoc/>
    void ITokenDraws.Take(int part, ReadOnlySpan<SampledToken> tokens)
    {
        int index = _owners[part].Index;
        CachedSequence sequence = _pass[index].Sequence;
        _read[index] = true;
        try
        {
            for (int i = 0; i < tokens.Length; i++) sequence.Answers[i].Advance(tokens[i], _stops);
        }
        catch (Exception e)
        {
            sequence.Submission.Failure = e;
        }
    }

    private void PutTogether()
    {
        _parts.Clear();
        _owners.Clear();
        for (int i = 0; i < _pass.Count; i++)
        {
            (CachedSequence sequence, SequencePart part) = _pass[i];
            _parts.Add(part);
            _owners.Add((i, 0));
            ReadOnlyMemory<int> guess = sequence.Guess;
            for (int k = 0; k < guess.Length; k++)
            {
                _parts.Add(part with { Tokens = guess.Slice(k, 1), Start = part.Length + k });
                _owners.Add((i, k + 1));
            }
            if (guess.Length > 0 && _guessLogits.Length == 0) _guessLogits = new float[(PromptLookup.Longest + 1) * _vocabulary];
        }
        if (_read.Length < _pass.Count) _read = new bool[Math.Max(_pass.Count, 2 * _read.Length)];
        Array.Clear(_read);
    }

    private void Read(int part, ReadOnlySpan<float> logits)
    {
        (int index, int place) = _owners[part];
        CachedSequence sequence = _pass[index].Sequence;
        if (sequence.Guess.IsEmpty)
        {
            _read[index] = true;
            Sample(sequence, logits);
        }
        else
        {
            // They come in any order, and each token decides whether the next ones count.
            logits.CopyTo(_guessLogits.AsSpan(place * _vocabulary, _vocabulary));
        }
    }

    /// <summary>Samples as many tokens as were guessed right, and the first that was not.</summary>
    private void SampleGuess(CachedSequence sequence)
    {
        ReadOnlySpan<int> guess = sequence.Guess.Span;
        AnswerInProgress answer = sequence.Answers[0];
        int right = 0;
        while (true)
        {
            Sample(sequence, _guessLogits.AsSpan(right * _vocabulary, _vocabulary));
            if (sequence.Submission.Failure is not null || answer.Completion is not null) break;
            if (right == guess.Length || answer.Tokens.Span[^1] != guess[right]) break;
            right++;
        }
        sequence.Lookup!.Tell(right, guess.Length);
        sequence.Guess = default;
    }

    private void Sample(CachedSequence sequence, ReadOnlySpan<float> logits)
    {
        try
        {
            IReadOnlyList<AnswerInProgress> answers = sequence.Answers;
            for (int i = 0; i < answers.Count; i++) answers[i].Advance(logits, _sampler.Value!, _stops);
        }
        catch (Exception e)
        {
            sequence.Submission.Failure = e;
        }
    }

    /// <summary>After a failed pass: each submission's parts alone, so that only those fail that cannot be computed.</summary>
    private void Recover(Exception failure)
    {
        foreach ((CachedSequence sequence, _) in _pass) sequence.Guess = default;
        (CachedSequence Sequence, SequencePart Part)[][] left =
            [.. _pass.Where((_, i) => !_read[i]).GroupBy(p => p.Sequence.Submission).Select(g => g.ToArray())];
        foreach ((CachedSequence Sequence, SequencePart Part)[] own in left)
        {
            try
            {
                if (left.Length == 1) throw failure;
                _engine.Forward([.. own.Select(p => p.Part)], (i, logits) => Sample(own[i].Sequence, logits));
            }
            catch (Exception e)
            {
                own[0].Sequence.Submission.Failure = e;
            }
        }
    }
}
