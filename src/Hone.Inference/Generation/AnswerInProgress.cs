using Hone.Inference.Constraints;
using Hone.Text;

namespace Hone.Inference;

/// <summary>One answer while it is being sampled: its tokens so far and the rules that end it.</summary>
internal sealed class AnswerInProgress
{
    private readonly Submission _submission;
    private readonly GenerationRequest _request;
    private readonly int _requestIndex;
    private readonly int _answerIndex;
    private readonly int _limit;
    private readonly List<float> _logProbs = [];
    private readonly StreamDecoder? _decoder;
    private readonly StopStringMatcher? _matcher;
    private readonly ConstrainedAnswer? _format;
    private int[] _tokens;

    public AnswerInProgress(Submission submission, GenerationRequest request, int requestIndex, int answerIndex, int limit,
        Tokenizer? tokenizer, TokenConstraint? format)
    {
        _submission = submission;
        (_request, _requestIndex, _answerIndex, _limit) = (request, requestIndex, answerIndex, limit);
        _tokens = request.PromptIds;
        _format = format is null ? null : new ConstrainedAnswer(format);
        if (request.Options.StopStrings.Count == 0) return;
        _decoder = tokenizer!.StartDecoding(skipSpecial: false);
        _matcher = new StopStringMatcher(request.Options.StopStrings);
    }

    public int[] Prompt => _request.PromptIds;

    public SamplingOptions Options => _request.Options;

    public int RequestIndex => _requestIndex;

    /// <summary>Tokens of the prompt and the longest allowed answer.</summary>
    public int LongestLength => Prompt.Length + _limit;

    /// <summary>Tokens of the prompt and the answer so far.</summary>
    public int Length => Prompt.Length + _logProbs.Count;

    /// <summary>The prompt and the answer so far; valid until the next token is sampled.</summary>
    public ReadOnlyMemory<int> Tokens => _tokens.AsMemory(0, Length);

    /// <summary>The answer once its last token is known.</summary>
    public Completion? Completion { get; private set; }

    /// <summary>How its next token is chosen: by seed, answer and place alone.</summary>
    public TokenDraw Draw =>
        new(Options, Options.DoSample ? Philox.Uniform(Options.Seed, _answerIndex, _logProbs.Count) : 0);

    /// <summary>Samples the next token from the model's logits [vocab], applies the stop rules and passes the token on.</summary>
    /// <exception cref="InvalidDataException">The logits are not finite.</exception>
    /// <exception cref="InputException">The answer's format is too costly, or the vocabulary cannot spell it.</exception>
    public void Advance(ReadOnlySpan<float> logits, LogitsSampler sampler, StopRules stops) =>
        Advance(sampler.Next(logits, Tokens.Span, Options, Draw.Uniform, Prompt.Length, _format), stops);

    /// <summary>Applies the stop rules to the next token and passes it on.</summary>
    /// <exception cref="InvalidDataException">The logits that it was drawn from were not finite.</exception>
    public void Advance(SampledToken token, StopRules stops)
    {
        int step = _logProbs.Count;
        if (!float.IsFinite(token.LogProb))
            throw new InvalidDataException("the model's logits are not finite: its weights or activations are not");
        _format?.Take(token.Id);
        Add(token);
        if (stops.IsStop(token.Id) || CompletesStopString(token.Id) || _format?.IsOver == true) Completion = Complete(FinishReasons.Stop);
        else if (_logProbs.Count == _limit) Completion = Complete(FinishReasons.Length);
        _submission.Write(new GeneratedToken(_requestIndex, _answerIndex, step, token.Id, token.LogProb) { Answer = Completion });
    }

    /// <summary>Passes on an answer that was found as a whole.</summary>
    public void Complete(int[] ids, float[] logProbs, string finishReason)
    {
        Completion = new Completion(_requestIndex, _answerIndex, ids, logProbs, finishReason);
        for (int i = 0; i < ids.Length; i++)
            _submission.Write(new GeneratedToken(_requestIndex, _answerIndex, i, ids[i], logProbs[i])
            {
                Answer = i == ids.Length - 1 ? Completion : null,
            });
    }

    private void Add(SampledToken token)
    {
        // The prompt's array is the caller's: the first token of the answer moves it into one of its own.
        if (_tokens.Length == Length) Array.Resize(ref _tokens, Math.Min(LongestLength, Length + Math.Max(32, Length / 2)));
        _tokens[Length] = token.Id;
        _logProbs.Add(token.LogProb);
    }

    private Completion Complete(string finishReason)
    {
        if (_matcher is { Found: null }) _matcher.Push(_decoder!.Flush());
        int[] ids = Tokens[Prompt.Length..].ToArray();
        return new Completion(_requestIndex, _answerIndex, ids, [.. _logProbs], finishReason) { Text = _matcher?.Text };
    }

    private bool CompletesStopString(int id)
    {
        _matcher?.Push(_decoder!.Push(id));
        return _matcher?.Found is not null;
    }
}
