using Hone.Models;

namespace Hone.Inference.Tests;

/// <summary>The engine draws tokens itself, as it does on a device.</summary>
public sealed class LibtorchEngineTests : IDisposable
{
    private readonly Transformer _model = TestModels.Random();

    [Fact]
    public void Drawing_in_the_engine_gives_the_answers_of_the_host()
    {
        SamplingOptions plain = new() { DoSample = true, MaxNewTokens = 30 };
        SamplingOptions[] kinds =
        [
            plain, plain with { Temperature = 0.6, TopK = 9 }, plain with { TopP = 0.8 }, plain with { MinP = 0.05, TopK = 20, TopP = 0.9 },
            plain with { DoSample = false }, plain with { RepetitionPenalty = 1.3 }, plain with { TypicalP = 0.7 },
            plain with { LogitBias = new Dictionary<int, double> { [5] = 3 } },
        ];
        GenerationRequest[] requests = [.. Enumerable.Range(0, 24).Select(i => new GenerationRequest(
            [1 + (i / 3), 2, 7], kinds[i % kinds.Length] with { Seed = (ulong)i }, 1 + (i % 4)))];
        (IReadOnlyList<Completion> host, _) = Answers(draws: false, requests);
        (IReadOnlyList<Completion> own, int read) = Answers(draws: true, requests);
        Assert.Equal(host.Select(a => a.Ids), own.Select(a => a.Ids));
        foreach ((Completion a, Completion b) in host.Zip(own))
            for (int i = 0; i < a.Ids.Length; i++) Assert.Equal(a.LogProbs[i], b.LogProbs[i], 1e-4);
        Assert.InRange(read, 1, host.Sum(a => a.Ids.Length) / 2);
        Assert.Equal(0, Answers(draws: true, [.. requests.Where(r => TensorSampler.Takes(r.Options))], [1, 3]).Read);
    }

    [Fact]
    public void Logits_that_are_not_finite_fail_their_request()
    {
        using var off = TorchSharp.torch.no_grad();
        _model.Weights[WeightNames.FinalNorm + ".weight"].fill_(float.NaN);
        using Scheduler scheduler = Over(new RecordingEngine(_model, drawsItself: true));
        GenerationRequest request = new([1, 2], new SamplingOptions { DoSample = true });
        Assert.Contains("not finite", Assert.Throws<InvalidDataException>(() => scheduler.Generate([request])).Message,
            StringComparison.Ordinal);
    }

    public void Dispose() => _model.Dispose();

    /// <param name="stops">Ids that end an answer.</param>
    private (IReadOnlyList<Completion> Answers, int Read) Answers(bool draws, GenerationRequest[] requests, int[]? stops = null)
    {
        var engine = new RecordingEngine(_model, drawsItself: draws);
        using Scheduler scheduler = Over(engine, stops);
        return (scheduler.Generate(requests), engine.Read);
    }

    private Scheduler Over(RecordingEngine engine, int[]? stops = null) => new(
        () => engine, _model.Config, new StopRules([stops ?? []]), tokenizer: null, new BatchLimits(64), KeptBetween.Nothing);
}
