using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Inference.Tests;

public sealed class SubmissionTests : IDisposable
{
    private static readonly GenerationRequest[] s_mixed = SchedulerTests.MixedRequests();

    private readonly Transformer _model = TestModels.Random(maxPositions: 6000);
    private readonly Scheduler _engine;
    private readonly CancellationTokenSource _release = new();

    public SubmissionTests() => _engine = Scheduler.OnLibtorch(_model, new StopRules());

    [Fact]
    public async Task Answers_do_not_depend_on_what_else_is_submitted()
    {
        Task busy = await KeepBusyAsync();
        CancellationToken never = TestContext.Current.CancellationToken;
        GenerationStream[] streams = [.. s_mixed.Select(r => _engine.Submit([r], never)), _engine.Submit(s_mixed, never)];
        await ReleaseAsync(busy);
        foreach ((GenerationRequest request, GenerationStream stream) in s_mixed.Zip(streams))
            SchedulerTests.AssertSame(Alone([request]), await stream.Completions);
        SchedulerTests.AssertSame(Alone(s_mixed), await streams[^1].Completions);
    }

    [Fact]
    public void Equal_calls_give_equal_bits_with_a_listener_or_without()
    {
        IReadOnlyList<Completion> first = _engine.Generate(s_mixed);
        foreach (IReadOnlyList<Completion> again in new[] { _engine.Generate(s_mixed), _engine.Generate(s_mixed, _ => { }) })
        {
            Assert.Equal(first.Select(c => (c.RequestIndex, c.AnswerIndex)), again.Select(c => (c.RequestIndex, c.AnswerIndex)));
            Assert.Equal(first.SelectMany(c => c.Ids), again.SelectMany(c => c.Ids));
            Assert.Equal(first.SelectMany(c => c.LogProbs), again.SelectMany(c => c.LogProbs));
        }
    }

    [Fact]
    public void A_listener_hears_every_answer_in_order_from_the_calling_thread()
    {
        List<GeneratedToken> heard = [];
        int thread = Environment.CurrentManagedThreadId;
        IReadOnlyList<Completion> answers = _engine.Generate(s_mixed, token =>
        {
            Assert.Equal(thread, Environment.CurrentManagedThreadId);
            heard.Add(token);
        });
        Assert.Equal(answers.Sum(a => a.Ids.Length), heard.Count);
        foreach (Completion answer in answers)
        {
            GeneratedToken[] own = [.. heard.Where(t => (t.RequestIndex, t.AnswerIndex) == (answer.RequestIndex, answer.AnswerIndex))];
            Assert.Equal(answer.Ids, own.Select(t => t.Id));
            Assert.Equal(Enumerable.Range(0, own.Length), own.Select(t => t.Step));
            Assert.Same(answer, own[^1].Answer);
            Assert.All(own[..^1], t => Assert.Null(t.Answer));
        }
    }

    [Fact]
    public async Task Cancelling_one_of_two_leaves_the_other_as_it_is_alone()
    {
        Task busy = await KeepBusyAsync();
        using var cancel = new CancellationTokenSource();
        GenerationStream kept = _engine.Submit(s_mixed, TestContext.Current.CancellationToken);
        GenerationStream cancelled = _engine.Submit([Endless], cancel.Token);
        await ReleaseAsync(busy);
        int tokens = 0;
        OperationCanceledException e = await Assert.ThrowsAsync<OperationCanceledException>(async () =>
        {
            await foreach (GeneratedToken token in cancelled.Tokens)
                if (++tokens == 5) await cancel.CancelAsync();
        });
        Assert.Equal(cancel.Token, e.CancellationToken);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.Completions);
        SchedulerTests.AssertSame(Alone(s_mixed), await kept.Completions);
    }

    [Fact]
    public async Task What_is_cancelled_before_its_turn_does_not_wait_for_it()
    {
        Task busy = await KeepBusyAsync();
        using var cancel = new CancellationTokenSource();
        GenerationStream waiting = _engine.Submit(s_mixed, cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.Completions);
        Assert.False(busy.IsCompleted);
        await ReleaseAsync(busy);
        Assert.Throws<OperationCanceledException>(() => _engine.Generate(s_mixed, cancel: cancel.Token));
    }

    [Fact]
    public async Task A_failing_listener_fails_nobody_else()
    {
        Task busy = await KeepBusyAsync();
        GenerationStream other = _engine.Submit(s_mixed, TestContext.Current.CancellationToken);
        Task failing = Task.Run(
            () => _engine.Generate([Endless], _ => throw new NotSupportedException("a listener's own")), CancellationToken.None);
        await ReleaseAsync(busy);
        await Assert.ThrowsAsync<NotSupportedException>(() => failing);
        SchedulerTests.AssertSame(Alone(s_mixed), await other.Completions);
    }

    [Fact]
    public async Task A_failure_of_the_engine_reaches_all_it_concerns_and_nobody_after()
    {
        Task busy = await KeepBusyAsync();
        GenerationStream[] streams = [.. s_mixed.Select(r => _engine.Submit([r], TestContext.Current.CancellationToken))];
        using Tensor sound = _model.Weights["model.norm.weight"].clone();
        _model.Weights["model.norm.weight"].fill_(float.NaN);
        await Assert.ThrowsAsync<InvalidDataException>(() => busy);
        foreach (GenerationStream stream in streams)
        {
            await Assert.ThrowsAsync<InvalidDataException>(() => stream.Completions);
            await Assert.ThrowsAsync<InvalidDataException>(async () => { await foreach (GeneratedToken _ in stream.Tokens) { } });
        }
        _model.Weights["model.norm.weight"].copy_(sound);
        SchedulerTests.AssertSame(Alone(s_mixed), _engine.Generate(s_mixed));
    }

    [Fact]
    public async Task A_wrong_request_is_refused_at_once_and_fails_no_other()
    {
        Task busy = await KeepBusyAsync();
        GenerationStream good = _engine.Submit(s_mixed, TestContext.Current.CancellationToken);
        Assert.Contains("empty", Assert.Throws<InputException>(() => { _engine.Submit([new([], new SamplingOptions())]); }).Message);
        Assert.False(busy.IsCompleted);
        await ReleaseAsync(busy);
        Assert.Equal(s_mixed.Sum(r => r.Count), (await good.Completions).Count);
        Assert.Empty(await _engine.Submit([], TestContext.Current.CancellationToken).Completions);
    }

    public void Dispose()
    {
        _release.Dispose();
        _model.Dispose();
    }

    /// <summary>Greedy, never at its end by itself in the time of a test.</summary>
    private static GenerationRequest Endless => new([1, 2], new SamplingOptions { DoSample = true, MaxNewTokens = 5000, Seed = 6 });

    /// <summary>The engine computes, so that what is submitted now waits and is then answered together.</summary>
    private async Task<Task> KeepBusyAsync()
    {
        GenerationStream busy = _engine.Submit([Endless with { Count = 20 }], _release.Token);
        await foreach (GeneratedToken _ in busy.Tokens) break;
        return busy.Completions;
    }

    private async Task ReleaseAsync(Task busy)
    {
        await _release.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => busy);
    }

    private IReadOnlyList<Completion> Alone(GenerationRequest[] requests) =>
        Scheduler.OnLibtorch(_model, new StopRules()).Generate(requests);
}
