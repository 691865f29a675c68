using System.Runtime.InteropServices;
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
    private readonly List<int> _sequence;
    private readonly List<float> _logProbs = [];
    private readonly StreamDecoder? _decoder;
    private readonly StopStringMatcher? _matcher;
    private bool _dropped;

    public AnswerInProgress(
        Submission submission, GenerationRequest request, int requestIndex, int answerIndex, int limit, Tokenizer? tokenizer)
    {
        _submission = submission;
        (_request, _requestIndex, _answerIndex, _limit) = (request, requestIndex, answerIndex, limit);
        _sequence = [.. request.PromptIds];
        if (request.Options.StopStrings.Count == 0) return;
        _decoder = tokenizer!.StartDecoding(skipSpecial: false);
        _matcher = new StopStringMatcher(request.Options.StopStrings);
    }

    public int[] Prompt => _request.PromptIds;

    /// <summary>Tokens of the prompt and the longest allowed answer.</summary>
    public int LongestLength => Prompt.Length + _limit;

    public (int Request, int Answer) Order => (_requestIndex, _answerIndex);

    /// <summary>The answer once its last token is known.</summary>
    public Completion? Completion { get; private set; }

    /// <summary>Whether nothing more is sampled: it is complete, or was dropped.</summary>
    public bool IsOver => _dropped || Completion is not null;

    public Submission Submission => _submission;

    public int LastId => _sequence[^1];

    /// <summary>Gives it up if its submission was cancelled; true the first time only.</summary>
    public bool Drop() => !IsOver && _submission.IsCancelled && (_dropped = true);

    /// <summary>Samples the next token from the model's logits [vocab], applies the stop rules and passes the token on.</summary>
    public void Advance(ReadOnlySpan<float> logits, LogitsSampler sampler, StopRules stops)
    {
        int step = _logProbs.Count;
        double uniform = _request.Options.DoSample ? Philox.Uniform(_request.Options.Seed, _answerIndex, step) : 0;
        SampledToken token = sampler.Next(logits, CollectionsMarshal.AsSpan(_sequence), _request.Options, uniform);
        _sequence.Add(token.Id);
        _logProbs.Add(token.LogProb);
        if (stops.IsStop(token.Id) || CompletesStopString(token.Id)) Completion = Complete(FinishReasons.Stop);
        else if (_logProbs.Count == _limit) Completion = Complete(FinishReasons.Length);
        _submission.Write(new GeneratedToken(_requestIndex, _answerIndex, step, token.Id, token.LogProb) { Answer = Completion });
    }

    private Completion Complete(string finishReason)
    {
        if (_matcher is { Found: null }) _matcher.Push(_decoder!.Flush());
        int[] ids = [.. _sequence.Skip(Prompt.Length)];
        return new Completion(_requestIndex, _answerIndex, ids, [.. _logProbs], finishReason) { Text = _matcher?.Text };
    }

    private bool CompletesStopString(int id)
    {
        _matcher?.Push(_decoder!.Push(id));
        return _matcher?.Found is not null;
    }
}
