using Hone.Inference.Engines.Cpu;
using Hone.Models;

namespace Hone.Inference.Tests;

public sealed class BeamSearchTests : IDisposable
{
    private static readonly int[] s_stops = [7, 21, 40];
    private readonly Transformer _model = TestModels.Random(maxPositions: 200);

    [Theory]
    [InlineData(2, 1.0, BeamStopping.Heuristic, 1.0, 12)]
    [InlineData(4, 1.0, BeamStopping.Heuristic, 1.0, 20)]
    [InlineData(4, 1.0, BeamStopping.AtOnce, 1.0, 20)]
    [InlineData(4, 1.0, BeamStopping.Never, 1.0, 20)]
    [InlineData(3, 2.0, BeamStopping.Never, 1.0, 16)]
    [InlineData(3, -0.5, BeamStopping.Heuristic, 1.0, 16)]
    [InlineData(5, 0.0, BeamStopping.AtOnce, 1.3, 16)]
    [InlineData(6, 1.5, BeamStopping.Heuristic, 1.2, 1)]
    [InlineData(4, 1.0, BeamStopping.Heuristic, 1.3, 16, true)]
    [InlineData(3, 0.5, BeamStopping.Never, 0.7, 16, true)]
    [InlineData(3, 1.0, BeamStopping.Heuristic, 1.0, 16, true)]
    public void Answers_are_those_of_transformers(
        int beams, double lengthPenalty, BeamStopping stopping, double repetition, int tokens, bool renormalize = false)
    {
        SamplingOptions options = new()
        {
            Beams = beams, LengthPenalty = lengthPenalty, EarlyStopping = stopping, RepetitionPenalty = repetition, MaxNewTokens = tokens,
            RenormalizeLogits = renormalize,
        };
        foreach (int length in new[] { 1, 5, 31, 45 })
        {
            int[] prompt = [.. Enumerable.Range(0, length).Select(i => (3 + (i * 11)) % 61)];
            (int[] Ids, bool Stopped)[] expected = PlainBeamSearch.Run(_model, prompt, options, s_stops);
            foreach (Func<IForwardEngine> create in new Func<IForwardEngine>[]
                { () => new LibtorchEngine(_model), () => new CpuEngine(_model, CpuFormat.Float32) })
            {
                using Scheduler scheduler = Over(create);
                IReadOnlyList<Completion> answers = scheduler.Generate([new(prompt, options, beams)]);
                Assert.Equal(expected.Select(e => e.Ids), answers.Select(a => a.Ids));
                Assert.Equal(expected.Select(e => e.Stopped), answers.Select(a => a.FinishReason == FinishReasons.Stop));
            }
        }
    }

    [Fact]
    public void Renormalized_scores_of_penalised_beams_find_other_answers()
    {
        SamplingOptions options = new() { Beams = 4, RepetitionPenalty = 1.6, MaxNewTokens = 16 };
        using Scheduler scheduler = Over(() => new LibtorchEngine(_model));
        GenerationRequest[] requests = [.. Enumerable.Range(1, 12).Select(i => new GenerationRequest([i, 2 * i, 3], options))];
        int[][] Ids(GenerationRequest[] asked) => [.. scheduler.Generate(asked).Select(a => a.Ids)];
        Assert.NotEqual(Ids(requests), Ids([.. requests.Select(r => r with { Options = options with { RenormalizeLogits = true } })]));
    }

    /// <summary>
    /// Beams beside sampled answers, in a cache that is too small: each is what it is alone, and everything is given back.
    /// </summary>
    [Fact]
    public void Beams_and_other_requests_do_not_disturb_each_other()
    {
        GenerationRequest beams = new([.. Enumerable.Range(1, 40)], new() { Beams = 4, MaxNewTokens = 60 }, 2),
            sampled = new([5, 6, 7], new() { DoSample = true, MaxNewTokens = 70, Seed = 3 }, 6);
        using Scheduler together = Over(() => new CpuEngine(_model, CpuFormat.Float32), blocks: 8), alone =
            Over(() => new CpuEngine(_model, CpuFormat.Float32));
        for (int round = 0; round < 3; round++)
        {
            IReadOnlyList<Completion> answers = together.Generate([beams, sampled]);
            SchedulerTests.AssertSame(alone.Generate([beams]), [.. answers.Where(a => a.RequestIndex == 0)]);
            SchedulerTests.AssertSame(alone.Generate([sampled]), [.. answers.Where(a => a.RequestIndex == 1)]);
        }
    }

    [Fact]
    public void A_stream_ends_with_the_best_answer_token_by_token()
    {
        using Scheduler scheduler = Over(() => new LibtorchEngine(_model));
        GenerationRequest request = new([1, 2], new() { Beams = 3, MaxNewTokens = 12 });
        List<GeneratedToken> tokens = [];
        Completion answer = Assert.Single(scheduler.Generate([request], tokens.Add));
        Assert.Equal(answer.Ids, tokens.Select(t => t.Id));
        Assert.Equal(answer.LogProbs, tokens.Select(t => t.LogProb));
        Assert.Same(answer, tokens[^1].Answer);
    }

    [Fact]
    public async Task A_search_is_cancelled_at_its_next_step()
    {
        using Scheduler scheduler = Over(() => new LibtorchEngine(_model));
        using var cancel = new CancellationTokenSource();
        SamplingOptions options = new() { Beams = 4, MaxNewTokens = 190, EarlyStopping = BeamStopping.Never };
        GenerationStream stream = scheduler.Submit([new([1, 2], options)], cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stream.Completions);
        Assert.NotEmpty(scheduler.Generate([new([1, 2], new() { Beams = 4, MaxNewTokens = 4 })]));
    }

    [Fact]
    public void What_does_not_go_with_beams_is_refused_by_name()
    {
        using Scheduler scheduler = Over(() => new LibtorchEngine(_model));
        foreach (SamplingOptions options in new SamplingOptions[]
            { new() { Beams = 2, DoSample = true }, new() { Beams = 2, StopStrings = ["a"] },
                new() { Beams = 2, Constraint = OutputConstraint.JsonObject },
                new() { Beams = 0 }, new() { Beams = 2, LengthPenalty = double.NaN } })
            Assert.Matches("num_beams|length_penalty",
                Assert.Throws<InputException>(() => scheduler.Generate([new([1], options)])).Message);
        Assert.Contains("3 answers of 2 beams",
            Assert.Throws<InputException>(() => scheduler.Generate([new([1], new() { Beams = 2 }, 3)])).Message, StringComparison.Ordinal);
    }

    public void Dispose() => _model.Dispose();

    private Scheduler Over(Func<IForwardEngine> create, int blocks = 1000)
    {
        using IForwardEngine one = create();
        return new Scheduler(create, _model.Config, new StopRules(s_stops), tokenizer: null, new BatchLimits(16, blocks * one.BlockBytes),
            KeptBetween.Prefixes);
    }
}
