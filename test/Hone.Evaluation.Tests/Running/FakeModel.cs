using System.Runtime.CompilerServices;

namespace Hone.Evaluation.Tests;

/// <summary>A model of fixed manners that counts what it is asked. Replies come in reverse order, as an engine may send them.</summary>
internal sealed class FakeModel : ILanguageModel
{
    public Func<ScoreRequest, Likelihood> Score { get; init; } = r =>
        new Likelihood(-r.Continuation.Length) { IsGreedy = true, Tokens = r.Continuation.Length };

    public Func<GenerateRequest, Answer> Generate { get; init; } = r => new Answer($"answer to {r.Prompt.Text}");

    /// <summary>Dies, as a killed process does, after so many replies.</summary>
    public int DiesAfter { get; init; } = int.MaxValue;

    public List<string> Asked { get; } = [];

    public ModelInfo Info { get; init; } = new("fake", "fake-1");

    public IAsyncEnumerable<Reply<Answer>> GenerateAsync(IReadOnlyList<GenerateRequest> requests, CancellationToken cancel = default) =>
        Reply(requests, r => r.Prompt.ToJson().ToJsonString(), Generate, cancel);

    public IAsyncEnumerable<Reply<Likelihood>> ScoreAsync(IReadOnlyList<ScoreRequest> requests, CancellationToken cancel = default) =>
        Reply(requests, r => $"{r.Context.ToJson().ToJsonString()}|{r.Continuation}", Score, cancel);

    private async IAsyncEnumerable<Reply<TReply>> Reply<TRequest, TReply>(
        IReadOnlyList<TRequest> requests, Func<TRequest, string> name, Func<TRequest, TReply> reply,
        [EnumeratorCancellation] CancellationToken cancel)
    {
        for (int i = requests.Count - 1; i >= 0; i--)
        {
            await Task.Yield();
            cancel.ThrowIfCancellationRequested();
            if (Asked.Count == DiesAfter) throw new IOException("the process is gone");
            Asked.Add(name(requests[i]));
            yield return new Reply<TReply>(i, reply(requests[i]));
        }
    }
}
