using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Hone.Evaluation;

/// <summary>Prices of a model, in one currency, per million tokens.</summary>
internal sealed record TokenPrices(double PromptPerMillion, double CompletionPerMillion)
{
    public double Of(long promptTokens, long completionTokens) =>
        ((promptTokens * PromptPerMillion) + (completionTokens * CompletionPerMillion)) / 1e6;
}

/// <summary>
/// A model whose tokens are counted and whose cost is held to a budget. A request is sent only if its dearest outcome still
/// fits: every byte of the prompt a token, and an answer as long as it may be. What an answer really took is charged when it
/// is there, and a reply that does not say what it took, a failed one included, at its dearest. So the budget holds whatever
/// the model does, unless the client under it sends a request several times.
/// </summary>
internal sealed class MeteredModel : ILanguageModel
{
    /// <summary>Tokens that a chat template puts around one message, generously.</summary>
    private const int TokensAroundMessage = 16;

    private readonly ILanguageModel _inner;
    private readonly TokenPrices? _prices;
    private readonly double? _budget;

    /// <param name="budget">Most that the requests of this object may cost, in the prices' currency; null for no limit.</param>
    public MeteredModel(ILanguageModel inner, TokenPrices? prices = null, double? budget = null)
    {
        if (budget is not null && prices is null)
            throw new InputException("a budget needs the model's prices", fix: "Give the prices per million prompt and completion tokens.");
        if (budget is not null && !(budget >= 0))
            throw new InputException(string.Create(CultureInfo.InvariantCulture, $"the budget is {budget}, it must be 0 or above"));
        if (prices is not null && !(prices.PromptPerMillion >= 0 && prices.CompletionPerMillion >= 0))
            throw new InputException("prices must be 0 or above");
        (_inner, _prices, _budget) = (inner, prices, budget);
    }

    public ModelInfo Info => _inner.Info;

    public long PromptTokens { get; private set; }

    public long CompletionTokens { get; private set; }

    /// <summary>What the requests of this object cost, replies of unknown size at their dearest. 0 without prices.</summary>
    public double Cost { get; private set; }

    /// <summary>Requests that were not sent because the budget would not have held.</summary>
    public int NotSent { get; private set; }

    /// <summary>What stopped the run, in words; null where nothing did.</summary>
    public string? Stopped => NotSent == 0 ? null : string.Create(CultureInfo.InvariantCulture,
        $"stopped before the budget of {_budget:0.####} was exceeded: {Cost:0.####} spent, {NotSent} requests not sent; the same command "
            + $"with a larger budget goes on from here");

    public async IAsyncEnumerable<Reply<Answer>> GenerateAsync(
        IReadOnlyList<GenerateRequest> requests, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        int next = 0;
        while (next < requests.Count)
        {
            // As many as fit at their dearest; what they did not need is there for the next ones.
            int from = next;
            double reserved = Cost;
            while (next < requests.Count && (_budget is not { } most || reserved + Dearest(requests[next]) <= most))
                reserved += Dearest(requests[next++]);
            if (next == from) break;
            GenerateRequest[] batch = [.. requests.Skip(from).Take(next - from)];
            bool[] replied = new bool[batch.Length];
            try
            {
                await foreach (Reply<Answer> reply in _inner.GenerateAsync(batch, cancel).ConfigureAwait(false))
                {
                    replied[reply.Index] = true;
                    Charge(batch[reply.Index], reply.Value);
                    yield return reply with { Index = from + reply.Index };
                }
            }
            finally
            {
                // Cut off in the middle: what was under way may have been paid for.
                for (int i = 0; i < batch.Length; i++) if (!replied[i]) Cost += Dearest(batch[i]);
            }
        }
        NotSent += requests.Count - next;
        for (; next < requests.Count; next++)
            yield return new Reply<Answer>(next, new Answer("") { Error = "not sent: the budget is spent" });
    }

    public IAsyncEnumerable<Reply<Likelihood>> ScoreAsync(IReadOnlyList<ScoreRequest> requests, CancellationToken cancel = default) =>
        _budget is null
        ? _inner.ScoreAsync(requests, cancel)
        : throw new InputException("a budget holds for answers only, and likelihoods are asked for");

    private void Charge(GenerateRequest request, Answer answer)
    {
        PromptTokens += answer.PromptTokens;
        CompletionTokens += answer.CompletionTokens;
        Cost += answer.PromptTokens == 0 ? Dearest(request) : _prices?.Of(answer.PromptTokens, answer.CompletionTokens) ?? 0;
    }

    private double Dearest(GenerateRequest request)
    {
        if (_prices is null) return 0;
        long prompt = request.Prompt.Messages is { } messages
            ? messages.Sum(m => (long)Encoding.UTF8.GetByteCount(m.Content) + TokensAroundMessage)
                + Encoding.UTF8.GetByteCount(request.Prompt.AssistantPrefix)
            : Encoding.UTF8.GetByteCount(request.Prompt.Text!);
        return _prices.Of(prompt + TokensAroundMessage, request.Options.MaxNewTokens);
    }
}
