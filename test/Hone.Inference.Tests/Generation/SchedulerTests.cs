using Hone.Data;
using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Inference.Tests;

public class SchedulerTests
{
    private static readonly StopRules s_stops = new([5], [11, 17]);

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(100)]
    public void Answers_do_not_depend_on_the_batch(int rows)
    {
        using Transformer model = TestModels.Random();
        GenerationRequest[] requests = MixedRequests();
        IReadOnlyList<Completion> together = Scheduler.OnLibtorch(model, s_stops, limits: new BatchLimits(rows)).Generate(requests);
        Assert.Equal(
            requests.SelectMany((r, i) => Enumerable.Range(0, r.Count).Select(a => (i, a))),
            together.Select(c => (c.RequestIndex, c.AnswerIndex)));
        var engine = Scheduler.OnLibtorch(model, s_stops);
        foreach ((GenerationRequest request, int i) in requests.Select((r, i) => (r, i)))
        {
            IReadOnlyList<Completion> alone = engine.Generate([request], onToken: _ => { });
            AssertSame(alone, [.. together.Where(c => c.RequestIndex == i)]);
        }
    }

    [Fact]
    public void Seed_and_answer_index_decide_what_is_sampled()
    {
        using Transformer model = TestModels.Random();
        var engine = Scheduler.OnLibtorch(model, s_stops);
        var request = new GenerationRequest([1, 2, 3], new SamplingOptions { DoSample = true, MaxNewTokens = 30, Seed = 9 }, 4);
        IReadOnlyList<Completion> answers = engine.Generate([request]);
        AssertSame(answers, engine.Generate([request]));
        AssertSame([.. answers.Take(2)], engine.Generate([request with { Count = 2 }]));
        Assert.Equal(4, answers.Select(a => string.Join(' ', a.Ids)).Distinct().Count());
        IReadOnlyList<Completion> other = engine.Generate([request with { Options = request.Options with { Seed = 10 } }]);
        Assert.NotEqual(answers[0].Ids, other[0].Ids);
    }

    [Fact]
    public void Log_probabilities_are_those_of_the_full_forward_pass()
    {
        using var scope = NewDisposeScope();
        using Transformer model = TestModels.Random();
        GenerationRequest[] requests = MixedRequests();
        IReadOnlyList<Completion> answers = Scheduler.OnLibtorch(model, s_stops).Generate(requests);
        Assert.Contains(answers, a => a.FinishReason == FinishReasons.Stop);
        Assert.Contains(answers, a => a.FinishReason == FinishReasons.Length);
        foreach (Completion answer in answers)
        {
            var forest = new TokenForest();
            var scored = new ScoredTokens();
            forest.AddRoot(requests[answer.RequestIndex].PromptIds);
            scored.AddSegment(forest, forest.AddChild(0, answer.Ids), group: 0);
            using var ungraded = no_grad();
            float[] expected = LogProbHead.LogProbs(model, model.Hidden(forest), scored).data<float>().ToArray();
            Assert.Equal(expected.Length, answer.LogProbs.Length);
            for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], answer.LogProbs[i], 1e-4);
        }
    }

    [Fact]
    public void A_stop_token_ends_the_answer_and_stays_in_it()
    {
        using Transformer model = TestModels.Random();
        foreach (Completion answer in Scheduler.OnLibtorch(model, s_stops).Generate(MixedRequests()))
        {
            Assert.DoesNotContain(answer.Ids[..^1], s_stops.IsStop);
            Assert.Equal(s_stops.IsStop(answer.Ids[^1]), answer.FinishReason == FinishReasons.Stop);
        }
    }

    [Fact]
    public void Tokens_are_streamed_as_they_are_sampled()
    {
        using Transformer model = TestModels.Random();
        var request = new GenerationRequest([1, 2, 3], new SamplingOptions { DoSample = true, MaxNewTokens = 25, Seed = 2 });
        var streamed = new List<GeneratedToken>();
        Completion answer = Assert.Single(Scheduler.OnLibtorch(model, s_stops).Generate([request], streamed.Add));
        Assert.Equal(answer.Ids, streamed.Select(t => t.Id));
        Assert.Equal(answer.LogProbs, streamed.Select(t => t.LogProb));
        Assert.Equal(Enumerable.Range(0, streamed.Count), streamed.Select(t => t.Step));
    }

    [Fact]
    public void The_models_limit_ends_an_answer_and_refuses_a_prompt_without_room()
    {
        using Transformer model = TestModels.Random(maxPositions: 40);
        var engine = Scheduler.OnLibtorch(model, new StopRules());
        var options = new SamplingOptions { MaxNewTokens = 1000 };
        IReadOnlyList<Completion> answers = engine.Generate([new(Prompt(30), options), new(Prompt(39), options), new(Prompt(2), options)]);
        Assert.Equal([10, 1, 38], answers.Select(a => a.Ids.Length));
        Assert.All(answers, a => Assert.Equal(FinishReasons.Length, a.FinishReason));
        InputException e = Assert.Throws<InputException>(() => engine.Generate([new(Prompt(5), options), new(Prompt(40), options)]));
        Assert.Contains("40 tokens", e.Message);
        Assert.Contains("request 1", e.Message);
    }

    [Fact]
    public void Wrong_requests_are_refused_by_name()
    {
        using Transformer model = TestModels.Random();
        var engine = Scheduler.OnLibtorch(model, s_stops);
        string Refusal(GenerationRequest request) => Assert.Throws<InputException>(() => engine.Generate([request])).Message;
        Assert.Contains("empty", Refusal(new([], new SamplingOptions())));
        Assert.Contains("61", Refusal(new([1, 61], new SamplingOptions())));
        Assert.Contains("temperature", Refusal(new([1], new SamplingOptions { DoSample = true, Temperature = 0 })));
        Assert.Contains("max_new_tokens", Refusal(new([1], new SamplingOptions { MaxNewTokens = 0 })));
        Assert.Contains("tokenizer", Refusal(new([1], new SamplingOptions { StopStrings = ["x"] })));
        Assert.Contains("0 answers", Refusal(new([1], new SamplingOptions(), 0)));
        Assert.Empty(engine.Generate([]));
    }

    [Fact]
    public void Cancelling_stops_at_the_next_step()
    {
        using Transformer model = TestModels.Random();
        using var cancel = new CancellationTokenSource();
        int tokens = 0;
        void OnToken(GeneratedToken token)
        {
            if (++tokens == 3) cancel.Cancel();
        }
        var request = new GenerationRequest([1], new SamplingOptions { MaxNewTokens = 100 });
        Assert.Throws<OperationCanceledException>(
            () => Scheduler.OnLibtorch(model, new StopRules()).Generate([request], OnToken, cancel.Token));
        Assert.Equal(3, tokens);
        Assert.Throws<OperationCanceledException>(
            () => Scheduler.OnLibtorch(model, new StopRules()).Generate(MixedRequests(), cancel: cancel.Token));
    }

    [Fact]
    public void Weights_that_compute_nan_are_an_error()
    {
        using Transformer model = TestModels.Random();
        model.Weights["model.norm.weight"].fill_(float.NaN);
        Assert.Throws<InvalidDataException>(() => Scheduler.OnLibtorch(model, s_stops).Generate(MixedRequests()));
    }

    /// <summary>Greedy and sampled, several lengths, answers per prompt and limits, one prompt twice.</summary>
    internal static GenerationRequest[] MixedRequests() =>
    [
        new(Prompt(9), new SamplingOptions { DoSample = true, MaxNewTokens = 40, Seed = 1 }, 5),
        new(Prompt(3), new SamplingOptions { MaxNewTokens = 12 }),
        new(Prompt(14), new SamplingOptions { DoSample = true, MaxNewTokens = 60, Seed = 2, Temperature = 0.7, TopK = 20 }, 3),
        new(Prompt(9), new SamplingOptions { DoSample = true, MaxNewTokens = 7, Seed = 3, TopP = 0.9, RepetitionPenalty = 1.3 }, 4),
        new(Prompt(14, 3), new SamplingOptions { DoSample = true, MaxNewTokens = 50, Seed = 4, MinP = 0.02 }, 2),
        new([1], new SamplingOptions { DoSample = true, MaxNewTokens = 70, Seed = 5 }, 2),
    ];

    private static int[] Prompt(int length, int step = 7) => [.. Enumerable.Range(0, length).Select(i => (1 + (i * step)) % 61)];

    internal static void AssertSame(IReadOnlyList<Completion> expected, IReadOnlyList<Completion> actual)
    {
        Assert.Equal(
            expected.Select(c => (c.AnswerIndex, string.Join(' ', c.Ids), c.FinishReason)),
            actual.Select(c => (c.AnswerIndex, string.Join(' ', c.Ids), c.FinishReason)));
        foreach ((Completion e, Completion a) in expected.Zip(actual))
            for (int i = 0; i < e.LogProbs.Length; i++) Assert.Equal(e.LogProbs[i], a.LogProbs[i], 1e-4);
    }
}
