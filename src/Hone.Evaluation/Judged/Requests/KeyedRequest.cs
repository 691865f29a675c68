namespace Hone.Evaluation;

/// <summary>One request of a judged benchmark.</summary>
/// <param name="Item">What it is stored under, such as <c>81/turn-1</c> or <c>17/repeat-2</c>; the prompt's hash tells the rest.</param>
internal sealed record KeyedRequest(string Item, GenerateRequest Request)
{
    /// <summary>
    /// Asks what the store lacks and keeps each reply as it arrives, so that a run that was cut off at any point asks
    /// nothing twice. Replies come in the order of <paramref name="asks"/>; one without a usable reply has its
    /// <see cref="Answer.Error"/> set, is not stored, and is asked again by the next run.
    /// </summary>
    internal static async Task<KeyedReplies> AllAsync(
        string task, IReadOnlyList<KeyedRequest> asks, ILanguageModel model, RequestOptions options, CancellationToken cancel)
    {
        var run = await TaskRunner.RunAsync(new EvalTask
        {
            Name = task,
            Version = "1",
            NumFewshot = 0,
            Settings = new Dictionary<string, string>(),
            Metrics = [],
            Items = [.. asks.Select(a => new EvalItem { Id = a.Item, Doc = [], Target = "", Generations = [a.Request] })],
            Grade = (_, _) => throw new InvalidOperationException("judged benchmarks are scored from their files"),
        }, model, options.Store, predictOnly: true, options.Progress, cancel).ConfigureAwait(false);
        return new KeyedReplies([.. run.Items.Select(i => i.Replies?.Answers[0] ?? new Answer("") { Error = i.Error })],
            run.Asked, run.Stored);
    }
}

/// <summary>Where replies are kept, and who hears of them.</summary>
/// <param name="Store">Stored replies, as a rule <c>answers.db</c> beside the files.</param>
/// <param name="Progress">Called with requests answered and requests in all.</param>
internal sealed record RequestOptions(ReplyStore Store, Action<int, int>? Progress = null);

/// <summary>Replies in the order of the requests.</summary>
/// <param name="Asked">Requests sent by this run.</param>
/// <param name="Stored">Requests whose replies were there already.</param>
internal sealed record KeyedReplies(IReadOnlyList<Answer> Answers, int Asked, int Stored)
{
    public KeyedReplies And(KeyedReplies more) => new([.. Answers, .. more.Answers], Asked + more.Asked, Stored + more.Stored);
}
