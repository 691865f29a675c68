using Hone.Inference.Engines.Cpu;
using Hone.Models;

namespace Hone.Inference.Tests;

/// <summary>Guesses that are computed along change no token: what is sampled depends on seed, place and logits alone.</summary>
public sealed class GuessTests : IDisposable
{
    private readonly Transformer _model = TestModels.Random(maxPositions: 1000);

    [Theory]
    [InlineData("cpu")]
    [InlineData("int8")]
    [InlineData("libtorch")]
    public void Answers_are_those_of_one_token_at_a_time(string engine)
    {
        int[] text = [.. Enumerable.Range(0, 90).Select(i => 3 + (i % 15))];
        SamplingOptions[] options =
        [
            new() { MaxNewTokens = 200 },
            new() { DoSample = true, MaxNewTokens = 150, Seed = 5 },
            new() { DoSample = true, MaxNewTokens = 150, Seed = 6, Temperature = 0.4, TopP = 0.9 },
            new() { DoSample = true, MaxNewTokens = 100, Seed = 7, Temperature = 0.3, RepetitionPenalty = 1.1, FrequencyPenalty = 0.2 },
            new() { MaxNewTokens = 2 },
            new() { MaxNewTokens = 1 },
        ];
        foreach (SamplingOptions o in options)
        {
            GenerationRequest request = new(text, o);
            (Completion plain, _) = Generate(engine, request, pays: false);
            (Completion guessed, int passes) = Generate(engine, request, pays: true);
            SchedulerTests.AssertSame([plain], [guessed]);
            Assert.InRange(passes, 1, plain.Ids.Length);
        }
    }

    [Fact]
    public void What_repeats_takes_fewer_passes()
    {
        SamplingOptions repeats = new() { MaxNewTokens = 400, LogitBias = new Dictionary<int, double> { [5] = 100 } };
        (Completion answer, int passes) = Generate("cpu", new GenerationRequest([1, 2, 3], repeats), pays: true);
        Assert.InRange(passes, 1, answer.Ids.Length / 4);
    }

    [Fact]
    public void A_stop_within_a_guess_ends_the_answer_there()
    {
        int[] plain = Generate("cpu", new GenerationRequest([1, 2, 3], new() { MaxNewTokens = 300 }), pays: false).Answer.Ids;
        foreach (int at in new[] { 120, 121, 122, 123, 250, 299 })
        {
            // Its limit falls into a guess.
            Completion cut = Generate("cpu", new GenerationRequest([1, 2, 3], new() { MaxNewTokens = at }), pays: true).Answer;
            Assert.Equal(plain[..at], cut.Ids);
            Assert.Equal(FinishReasons.Length, cut.FinishReason);
        }
        int stop = plain[^1];
        using Scheduler alone = Over("cpu", pays: false, new StopRules([stop]), out _),
            guessed = Over("cpu", pays: true, new StopRules([stop]), out _);
        GenerationRequest[] request = [new([1, 2, 3], new() { MaxNewTokens = 300 })];
        SchedulerTests.AssertSame(alone.Generate(request), guessed.Generate(request));
    }

    [Fact]
    public void A_failure_with_a_guess_fails_its_request_and_nobody_after()
    {
        using Scheduler scheduler = Over("cpu", pays: true, new StopRules(), out Guessing engine);
        GenerationRequest[] request = [new([1, 2, 3], new() { MaxNewTokens = 300 })];
        engine.FailsAtParts = 4;
        Assert.Throws<InvalidOperationException>(() => scheduler.Generate(request));
        engine.FailsAtParts = int.MaxValue;
        using Scheduler alone = Over("cpu", pays: false, new StopRules(), out _);
        SchedulerTests.AssertSame(alone.Generate(request), scheduler.Generate(request));
    }

    [Fact]
    public void A_guess_is_what_followed_the_same_tokens_last()
    {
        int[] guess = new int[PromptLookup.Longest];
        var lookup = new PromptLookup();
        Assert.Equal(0, lookup.Guess([1, 2, 3, 4, 5], guess, 7));
        Assert.Equal(4, lookup.Guess([7, 8, 9, 1, 2, 3, 7, 8, 9], guess, 7));
        Assert.Equal([1, 2, 3, 7], guess[..4]);
        Assert.Equal(1, lookup.Guess([7, 8, 9, 1, 2, 3, 7, 8, 9], guess, 1));
        Assert.Equal(2, lookup.Guess([4, 4, 4, 4], guess, 2));
        for (int i = 0; i < 20; i++) lookup.Tell(0, 4);
        Assert.Equal(0, lookup.Guess([7, 8, 9, 1, 2, 3, 7, 8, 9], guess, 7)); // it was wrong too often
        for (int i = 0; i < 20; i++) lookup.Tell(2, 2);
        Assert.Equal(7, lookup.Guess([7, 8, 9, 1, 2, 3, 7, 8, 9], guess, 7));
    }

    public void Dispose() => _model.Dispose();

    private (Completion Answer, int Passes) Generate(string engine, GenerationRequest request, bool pays)
    {
        using Scheduler scheduler = Over(engine, pays, new StopRules(), out Guessing inner);
        return (scheduler.Generate([request])[0], inner.Passes);
    }

    private Scheduler Over(string name, bool pays, StopRules stops, out Guessing engine)
    {
        IForwardEngine inner = name == "libtorch" ? new LibtorchEngine(_model)
            : new CpuEngine(_model, name == "int8" ? CpuFormat.Int8 : CpuFormat.Float32);
        Guessing made = engine = new Guessing(inner, pays);
        return new Scheduler(() => made, _model.Config, stops, tokenizer: null, new BatchLimits(8), KeptBetween.Prefixes);
    }

    /// <summary>An engine for which guesses pay, or do not.</summary>
    private sealed class Guessing(IForwardEngine inner, bool pays) : IForwardEngine
    {
        public int Passes { get; private set; }

        public int FailsAtParts { get; set; } = int.MaxValue;

        public bool GuessesPay => pays;

        public int BlockTokens => inner.BlockTokens;

        public long BlockBytes => inner.BlockBytes;

        public void Reserve(int count) => inner.Reserve(count);

        public void CopyBlocks(IReadOnlyList<(int From, int To)> blocks) => inner.CopyBlocks(blocks);

        public void Forward(IReadOnlyList<SequencePart> parts, LogitsReader logits, ITokenDraws? draws = null)
        {
            Passes++;
            if (parts.Count >= FailsAtParts) FailsAtParts = 1; // and so does each part alone
            if (FailsAtParts == 1) throw new InvalidOperationException("the engine's own failure");
            inner.Forward(parts, logits, draws);
        }

        public void Dispose() => inner.Dispose();
    }
}
