using Hone.Data;
using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Inference.Tests;

public sealed class SlidingWindowTests : IDisposable
{
    private const int Window = 40;
    private readonly Transformer _model;

    public SlidingWindowTests()
    {
        using Transformer usual = TestModels.Random(maxPositions: 4000);
        TransformerConfig config = usual.Config with { Window = Window };
        _model = new Transformer(config, RandomWeights.Create(config, 3, deviation: 0.25), ScalarType.Float32);
    }

    /// <summary>A long answer of a model whose layers all look back 40 tokens needs a few blocks, however long it gets.</summary>
    [Fact]
    public void Blocks_that_no_layer_sees_any_more_are_given_back()
    {
        RecordingEngine engine = new(_model);
        using Scheduler scheduler = new(() => engine, _model.Config, new StopRules(), tokenizer: null,
            new BatchLimits(8, 5 * engine.BlockBytes), KeptBetween.Nothing);
        SamplingOptions options = new() { MaxNewTokens = 1500, DoSample = true };
        Completion answer = Assert.Single(scheduler.Generate([new([1, 2, 3], options)]));
        Assert.Equal(1500, answer.Ids.Length);
        Assert.InRange(engine.MostBlocks, 1, 5);
        Assert.Equal(3 + 1499, engine.Tokens); // nothing was computed again
    }

    [Fact]
    public void Answers_are_those_of_the_whole_sequence()
    {
        int[] prompt = [.. Enumerable.Range(0, 100).Select(i => i * 7 % 61)];
        using Scheduler scheduler = Scheduler.OnLibtorch(_model, new StopRules(), limits: new BatchLimits(8, PassTokens: 33));
        IReadOnlyList<Completion> answers = scheduler.Generate(
            [new(prompt, new SamplingOptions { MaxNewTokens = 150 }),
                new(prompt, new SamplingOptions { MaxNewTokens = 70, DoSample = true }, 4)]);
        int[] all = [.. prompt, .. answers[0].Ids];
        using var off = no_grad();
        using var scope = NewDisposeScope();
        var forest = new TokenForest();
        forest.AddRoot(all);
        long[] likeliest = _model.Logits(_model.Hidden(forest)).argmax(-1).data<long>().ToArray();
        Assert.Equal(answers[0].Ids.Select(id => (long)id), likeliest[(prompt.Length - 1)..(all.Length - 1)]);
    }

    public void Dispose() => _model.Dispose();
}
