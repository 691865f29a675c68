using Hone.Data;
using Hone.Inference.Engines.Cpu;
using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Inference.Tests;

public class ForwardEnginesTests
{
    [Theory]
    [InlineData(SamplingFormat.Auto)]
    [InlineData(SamplingFormat.Int8)]
    public void A_dense_model_on_the_cpu_takes_the_cpu_engine(SamplingFormat format)
    {
        using Transformer model = TestModels.Random();
        ForwardEngines.Check(model, format);
        using IForwardEngine engine = ForwardEngines.Create(model, format);
        Assert.IsType<CpuEngine>(engine);
    }

    [Fact]
    public void A_mixture_of_experts_takes_libtorch_and_no_format_of_the_cpu_engine()
    {
        using Transformer model = Experts();
        using IForwardEngine engine = ForwardEngines.Create(model, SamplingFormat.Auto);
        Assert.IsType<LibtorchEngine>(engine);
        InputException e = Assert.Throws<InputException>(() => ForwardEngines.Check(model, SamplingFormat.Int8));
        Assert.Contains("mixture of experts", e.Message);
    }

    [Fact]
    public void Both_engines_give_the_same_answers()
    {
        using Transformer model = TestModels.Random();
        GenerationRequest[] requests = SchedulerTests.MixedRequests();
        using Scheduler libtorch = Scheduler.OnLibtorch(model, new StopRules([5], [11, 17]));
        using var own = new Scheduler(() => ForwardEngines.Create(model, SamplingFormat.Auto), model.Config, new StopRules([5], [11, 17]),
            tokenizer: null, BatchLimits.For(CPU), KeptBetween.Nothing);
        SchedulerTests.AssertSame(libtorch.Generate(requests), own.Generate(requests));
    }

    /// <summary>Small caches, pieces of prompts, suspended and resumed sequences: not a bit of an answer changes.</summary>
    [Fact]
    public void Answers_of_the_cpu_engine_are_the_same_bits_whatever_runs_beside_them()
    {
        using Transformer model = TestModels.Random();
        GenerationRequest[] requests = [.. SchedulerTests.MixedRequests(), .. SchedulerTests.MixedRequests()];
        IReadOnlyList<Completion> Run(BatchLimits limits)
        {
            using var scheduler = new Scheduler(() => ForwardEngines.Create(model, SamplingFormat.Auto), model.Config,
                new StopRules([5], [11, 17]), tokenizer: null, limits, KeptBetween.Nothing);
            return scheduler.Generate(requests);
        }
        IReadOnlyList<Completion> wide = Run(BatchLimits.For(CPU));
        foreach (IReadOnlyList<Completion> other in new[] { Run(new BatchLimits(1)), Run(new BatchLimits(9, CacheBytes: 60_000, 16, 4)) })
        {
            Assert.Equal(wide.SelectMany(c => c.Ids), other.SelectMany(c => c.Ids));
            Assert.Equal(wide.SelectMany(c => c.LogProbs), other.SelectMany(c => c.LogProbs));
        }
    }

    private static Transformer Experts()
    {
        LibTorch.Load();
        var config = new TransformerConfig
        {
            VocabularySize = 61, HiddenSize = 16, IntermediateSize = 24, LayerCount = 1, HeadCount = 2, KeyValueHeadCount = 2, HeadDim = 8,
            MaxPositions = 64, TieEmbeddings = true, Experts = new ExpertOptions(4, 2, 16, true), Family = "qwen3_moe",
        };
        return new Transformer(config, RandomWeights.Create(config, 1, deviation: 0.2), ScalarType.Float32);
    }
}
