using Hone.Inference.Engines.Cpu;
using Hone.Models;

namespace Hone.Inference.Tests.Engines;

public sealed class EngineFidelityTests
{
    /// <summary>Real small models: how far each format may be from the training model.</summary>
    [Theory]
    [InlineData("stories260K-hf")]
    [InlineData("tinystories-656k-hf")]
    public void Formats_are_as_near_to_the_model_as_stated(string name)
    {
        using Transformer model = TestModels.Shared(name);
        (CpuFormat Format, double Kl, double Top)[] bounds =
        [
            (CpuFormat.Float32, 1e-8, 0.999), (CpuFormat.BFloat16, 2e-4, 0.985), (CpuFormat.Int8, 2e-3, 0.96), (CpuFormat.Int4, 0.12, 0.75),
        ];
        int[][] starts = [.. Enumerable.Range(0, 6).Select(_ => new[] { model.Config.BosId ?? 1 })];
        foreach ((CpuFormat format, double kl, double top) in bounds)
        {
            using var engine = new CpuEngine(model, format);
            EngineFidelity found = EngineFidelity.Measure(model, engine, starts, length: 100, seed: 3);
            TestContext.Current.TestOutputHelper?.WriteLine($"{name} {format}: {found}");
            Assert.True(found.MeanKl <= kl && found.TopAgreement >= top, $"{format}: {found}");
        }
    }

    /// <summary>The measurement writes blocks that hold what was computed before.</summary>
    [Fact]
    public void An_engine_answers_after_it_was_measured_as_before()
    {
        using Transformer model = TestModels.Random(seed: 3);
        int made = 0;
        using var scheduler = new Scheduler(() => new CpuEngine(model, made++ == 0 ? CpuFormat.Float32 : CpuFormat.Int4), model.Config,
            new StopRules(), tokenizer: null, new BatchLimits(8), KeptBetween.Prefixes);
        GenerationRequest request = new([.. Enumerable.Range(1, 60)], new() { MaxNewTokens = 20 });
        Completion before = scheduler.Generate([request])[0];
        EngineFidelity found = scheduler.Measure(engine => EngineFidelity.Measure(model, engine, [[1], [2, 5]], 100, seed: 1));
        Assert.True(found.MeanKl < 1e-8);
        SchedulerTests.AssertSame([before], scheduler.Generate([request]));
        Assert.Equal(1, made);
    }

    [Fact]
    public void An_engine_of_another_model_is_told()
    {
        using Transformer model = TestModels.Random(seed: 3), other = TestModels.Random(seed: 4);
        using var own = new CpuEngine(model, CpuFormat.Float32);
        using var wrong = new CpuEngine(other, CpuFormat.Float32);
        Assert.True(EngineFidelity.Measure(model, own, [[1], [2, 5]], 40, seed: 1) is { MeanKl: < 1e-8, LogProbError: < 1e-4, Tokens: 77 });
        Assert.True(EngineFidelity.Measure(model, wrong, [[1], [2, 5]], 40, seed: 1).MeanKl > 0.1);
    }
}
