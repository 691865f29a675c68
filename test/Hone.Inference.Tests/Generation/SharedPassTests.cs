using Hone.Models;

namespace Hone.Inference.Tests;

/// <summary>What is computed together, once, in pieces, and again: seen from the engine.</summary>
public sealed class SharedPassTests : IDisposable
{
    private static readonly BatchLimits s_wide = new(64);
    private readonly Transformer _model = TestModels.Random(maxPositions: 2000);

    [Fact]
    public void A_prompt_is_computed_once_for_all_its_answers()
    {
        RecordingEngine engine = new(_model);
        using Scheduler scheduler = Over(engine);
        GenerationRequest request = new(Prompt(70, 1), Sampled(5, seed: 1), 8), again = request with { Options = Sampled(5, seed: 2) };
        scheduler.Generate([request, again]);
        Assert.Equal([(0, 70)], engine.Passes[0]);
        Assert.Equal(70 + (16 * 4), engine.Tokens);
        Assert.All(engine.Passes.Skip(1), pass => Assert.Equal(16, pass.Length));
    }

    [Fact]
    public void What_prompts_have_in_common_is_computed_once()
    {
        RecordingEngine engine = new(_model);
        using Scheduler scheduler = Over(engine);
        GenerationRequest[] requests =
            [.. Enumerable.Range(1, 6).Select(i => new GenerationRequest([.. Prompt(100, 1), i, 2, 3], Sampled(3, (ulong)i)))];
        IReadOnlyList<Completion> together = scheduler.Generate(requests);
        // 96 tokens are three blocks; the other five prompts wait for them and compute their last seven tokens.
        Assert.Equal(103 + (5 * 7), engine.Passes.Sum(p => p.Where(part => part.Count > 1).Sum(part => part.Count)));
        AssertAlone(requests, together);
    }

    [Fact]
    public void A_chat_does_not_compute_its_history_again()
    {
        RecordingEngine engine = new(_model);
        using Scheduler scheduler = Over(engine, KeptBetween.Prefixes);
        int[] history = Prompt(40, 1);
        for (int turn = 0; turn < 10; turn++)
        {
            int before = engine.Tokens;
            Completion answer = Assert.Single(scheduler.Generate([new GenerationRequest(history, Sampled(40, (ulong)turn))]));
            Assert.InRange(engine.Tokens - before, 40, turn == 0 ? 80 : 40 + 20 + 32);
            AssertAlone([new GenerationRequest(history, Sampled(40, (ulong)turn))], [answer]);
            history = [.. history, .. answer.Ids, .. Prompt(20, turn + 2)];
        }
    }

    [Fact]
    public void Without_a_cache_to_keep_nothing_stays()
    {
        List<RecordingEngine> engines = [];
        using Scheduler scheduler = new(() =>
        {
            engines.Add(new RecordingEngine(_model));
            return engines[^1];
        }, _model.Config, new StopRules(), tokenizer: null, s_wide, KeptBetween.Nothing);
        for (int i = 0; i < 2; i++) scheduler.Generate([new GenerationRequest(Prompt(64, 1), Sampled(2, 1))]);
        Assert.Equal(2, engines.Count);
        Assert.All(engines, e => Assert.Equal([(0, 64)], e.Passes[0]));
    }

    [Fact]
    public void An_engine_that_cannot_be_made_fails_the_requests_and_nobody_after()
    {
        int tries = 0;
        using Scheduler scheduler = new(
            () => tries++ == 0 ? throw new InvalidOperationException("no memory") : new LibtorchEngine(_model),
            _model.Config, new StopRules(), tokenizer: null, s_wide, KeptBetween.Nothing);
        GenerationRequest request = new([1, 2], Sampled(3, 1));
        Assert.Equal("no memory", Assert.Throws<InvalidOperationException>(() => scheduler.Generate([request])).Message);
        AssertAlone([request], scheduler.Generate([request]));
    }

    [Fact]
    public void Memory_that_the_engine_does_not_give_fails_the_requests_and_nobody_after()
    {
        RecordingEngine engine = new(_model) { NoMemory = new InvalidOperationException("no memory") };
        using Scheduler scheduler = Over(engine, KeptBetween.Prefixes);
        GenerationRequest request = new([1, 2], Sampled(3, 1));
        Assert.Equal("no memory", Assert.Throws<InvalidOperationException>(() => scheduler.Generate([request])).Message);
        AssertAlone([request], scheduler.Generate([request]));
    }

    /// <summary>A sequence that makes place for another must not be in the pass that is being put together.</summary>
    [Fact]
    public void A_sequence_that_makes_place_in_the_pass_before_its_last_token_ends_once()
    {
        using RecordingEngine engine = new(_model);
        var sequences = new RunningSequences(engine, _model.Config, new BatchLimits(2));
        var sampler = new LogitsSampler(_model.Config.VocabularySize);
        Submission Of(int answers, int tokens, int at) => new(s => Enumerable.Range(0, answers).Select(i => new AnswerInProgress(
            s, new GenerationRequest([1, at, i + 2], Sampled(tokens, 1)), i, 0, tokens, null, null)), CancellationToken.None);
        Submission[] all = [Of(4, 3, at: 2), Of(1, 2, at: 3), Of(2, 3, at: 4), Of(1, 1, at: 5)];
        List<Submission> ended = [];
        for (int pass = 0; ended.Count < all.Length; pass++)
        {
            Assert.InRange(pass, 0, 60);
            if (pass < all.Length) sequences.Admit([all[pass]]);
            IReadOnlyList<(CachedSequence Sequence, SequencePart Part)> parts = sequences.NextPass();
            Assert.InRange(parts.Count, 0, 2);
            engine.Forward([.. parts.Select(p => p.Part)], (i, logits) =>
            {
                foreach (AnswerInProgress answer in parts[i].Sequence.Answers)
                    lock (sampler) answer.Advance(logits, sampler, new StopRules());
            });
            foreach ((CachedSequence sequence, SequencePart part) in parts) sequences.Finish(sequence, part);
            sequences.TakeEnded(ended);
        }
        foreach (Submission submission in all)
        {
            submission.End();
            Assert.Equal(0, submission.Running);
            Assert.True(submission.Stream.Completions.IsCompletedSuccessfully);
        }
        Assert.True(sequences.AreAllDone);
    }

    [Fact]
    public async Task A_long_prompt_is_read_in_pieces_while_others_go_on()
    {
        RecordingEngine engine = new(_model);
        using Scheduler scheduler = Over(engine, s_wide with { PassTokens = 256, SharedPassTokens = 64 });
        CancellationToken never = TestContext.Current.CancellationToken;
        GenerationStream other = scheduler.Submit([new GenerationRequest(Prompt(5, 3), Sampled(400, 1))], never);
        await foreach (GeneratedToken _ in other.Tokens) break;
        IReadOnlyList<Completion> answers =
            await scheduler.Submit([new GenerationRequest(Prompt(1500, 1), Sampled(3, 2))], never).Completions;
        await other.Completions;
        (int Start, int Count)[] pieces = [.. engine.Passes.SelectMany(p => p).Where(p => p.Count > 5)];
        Assert.Equal(1500, pieces.Sum(p => p.Count));
        Assert.All(pieces, p => Assert.InRange(p.Count, 6, 64));
        AssertAlone([new GenerationRequest(Prompt(1500, 1), Sampled(3, 2))], answers);
    }

    [Fact]
    public void Answers_are_the_same_when_the_cache_is_too_small_for_all()
    {
        RecordingEngine engine = new(_model);
        GenerationRequest[] requests = [.. SchedulerTests.MixedRequests(), new(Prompt(80, 1), Sampled(90, 1), 12)];
        using Scheduler scheduler = Over(engine, s_wide with { CacheBytes = 7 * engine.BlockBytes });
        IReadOnlyList<Completion> answers = scheduler.Generate(requests);
        Assert.InRange(engine.MostBlocks, 1, 7);
        // Something was computed again, from where others still held its beginning.
        Assert.Contains(engine.Passes.SelectMany(p => p), p => p is { Start: > 0, Count: > 1 });
        AssertAlone(requests, answers);
    }

    [Fact]
    public void An_answer_that_needs_more_than_the_whole_cache_is_served()
    {
        RecordingEngine engine = new(_model);
        using Scheduler scheduler = Over(engine, s_wide with { CacheBytes = 1 });
        GenerationRequest request = new(Prompt(50, 1), Sampled(200, 1), 2);
        AssertAlone([request], scheduler.Generate([request]));
    }

    [Fact]
    public async Task A_short_request_does_not_wait_for_a_long_one()
    {
        RecordingEngine engine = new(_model);
        using Scheduler scheduler = Over(engine, new BatchLimits(4));
        using var cancel = new CancellationTokenSource();
        GenerationStream large = scheduler.Submit([new GenerationRequest(Prompt(10, 1), Sampled(1900, 1), 50)], cancel.Token);
        await foreach (GeneratedToken _ in large.Tokens) break;
        IReadOnlyList<Completion> small = await scheduler.Submit(
            [new GenerationRequest(Prompt(6, 2), Sampled(10, 2), 2)], TestContext.Current.CancellationToken).Completions;
        Assert.False(large.Completions.IsCompleted);
        AssertAlone([new GenerationRequest(Prompt(6, 2), Sampled(10, 2), 2)], small);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => large.Completions);
    }

    [Fact]
    public async Task A_request_that_fails_harms_no_other()
    {
        RecordingEngine engine = new(_model, forbidden: 60);
        using Scheduler scheduler = new(() => engine, _model.Config, new StopRules([60]), tokenizer: null, s_wide, KeptBetween.Nothing);
        CancellationToken never = TestContext.Current.CancellationToken;
        GenerationRequest good = new(Prompt(33, 1, 59), new SamplingOptions { MaxNewTokens = 60 }, 2);
        GenerationStream first = scheduler.Submit([good], never);
        GenerationStream bad = scheduler.Submit([new GenerationRequest([1, 60, 2], Sampled(10, 1))], never);
        GenerationStream last = scheduler.Submit([good], never);
        InvalidOperationException e = await Assert.ThrowsAsync<InvalidOperationException>(() => bad.Completions);
        Assert.Contains("own failure", e.Message);
        IReadOnlyList<Completion> alone = Scheduler.OnLibtorch(_model, new StopRules([60])).Generate([good]);
        SchedulerTests.AssertSame(alone, await first.Completions);
        SchedulerTests.AssertSame(alone, await last.Completions);
    }

    /// <summary>Requests that come and go at random: every one that ends well is what it is alone, and nothing is stuck.</summary>
    [Fact]
    public async Task Random_arrivals_cancellations_and_failures_change_no_answer()
    {
        RecordingEngine engine = new(_model, forbidden: 60);
        using Scheduler scheduler = new(
            () => engine, _model.Config, new StopRules([60, 5]), tokenizer: null,
            new BatchLimits(6, 20 * engine.BlockBytes, PassTokens: 64, SharedPassTokens: 16), KeptBetween.Prefixes);
        var random = new Random(4);
        List<(GenerationRequest Request, GenerationStream Stream, CancellationTokenSource Cancel, bool Fails)> all = [];
        for (int i = 0; i < 120; i++)
        {
            bool fails = random.Next(8) == 0;
            int[] prompt = [.. Prompt(random.Next(1, 90), random.Next(1, 4), 59), .. fails ? new[] { 60 } : []];
            GenerationRequest request = new(prompt, Sampled(random.Next(1, 60), (ulong)i), random.Next(1, 5));
            var cancel = new CancellationTokenSource();
            all.Add((request, scheduler.Submit([request], cancel.Token), cancel, fails));
            if (random.Next(3) == 0) await Task.Delay(random.Next(4), TestContext.Current.CancellationToken);
            if (random.Next(5) == 0) await all[random.Next(all.Count)].Cancel.CancelAsync();
        }
        foreach ((GenerationRequest request, GenerationStream stream, CancellationTokenSource cancel, bool fails) in all)
        {
            using (cancel)
            {
                await Task.WhenAny(stream.Completions, Task.Delay(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));
                Assert.True(stream.Completions.IsCompleted);
                if (stream.Completions.IsCanceled) Assert.True(cancel.IsCancellationRequested);
                else if (fails) Assert.IsType<InvalidOperationException>(stream.Completions.Exception?.InnerException);
                else SchedulerTests.AssertSame(
                    Scheduler.OnLibtorch(_model, new StopRules([60, 5])).Generate([request]), await stream.Completions);
            }
        }
    }

    public void Dispose() => _model.Dispose();

    private Scheduler Over(RecordingEngine engine, KeptBetween kept) => Over(engine, limits: null, kept);

    private Scheduler Over(RecordingEngine engine, BatchLimits? limits = null, KeptBetween kept = KeptBetween.Nothing) =>
        new(() => engine, _model.Config, new StopRules(), tokenizer: null, limits ?? s_wide, kept);

    private void AssertAlone(GenerationRequest[] requests, IReadOnlyList<Completion> answers)
    {
        using Scheduler alone = Scheduler.OnLibtorch(_model, new StopRules());
        foreach ((int i, GenerationRequest request) in requests.Index())
            SchedulerTests.AssertSame(alone.Generate([request]), [.. answers.Where(a => a.RequestIndex == i)]);
    }

    private static SamplingOptions Sampled(int tokens, ulong seed) => new() { DoSample = true, MaxNewTokens = tokens, Seed = seed };

    private static int[] Prompt(int length, int step, int below = 61) =>
        [.. Enumerable.Range(0, length).Select(i => (1 + (i * step * 7) + (i / 13)) % below)];
}
