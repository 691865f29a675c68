using Hone.Inference.Engines.Cpu;
using Hone.Models;

namespace Hone.Inference.Tests;

/// <summary>What many tokens cost in memory: nothing but the tokens themselves.</summary>
[Collection(nameof(TensorLeakTests))] // alone: others' memory would be counted
public sealed class SteadyStateTests : IDisposable
{
    private const int Rows = 8;
    private readonly Transformer _model = TestModels.Random(maxPositions: 1000);
    private readonly CpuEngine _engine;
    private readonly RunningSequences _sequences;
    private readonly SharedPass _pass;

    public SteadyStateTests()
    {
        _engine = new CpuEngine(_model, CpuFormat.Float32, threads: 1);
        _sequences = new RunningSequences(_engine, _model.Config, new BatchLimits(Rows));
        var sampler = new ThreadLocal<LogitsSampler>(() => new LogitsSampler(_model.Config.VocabularySize));
        _pass = new SharedPass(_engine, _sequences, sampler, new StopRules(), _model.Config.VocabularySize);
    }

    [Fact]
    public void A_pass_allocates_nothing()
    {
        int without = 0;
        // Code that is not compiled with all optimisations yet, which happens in the background, allocates.
        for (int round = 0; round < 50 && without < 540; round++)
        {
            without = 0;
            Submission submission = Submitted(tokens: 900);
            _sequences.Admit([submission]);
            for (int i = 0; i < 100; i++) _pass.Run();
            for (int i = 0; i < 600; i++)
            {
                long before = GC.GetAllocatedBytesForCurrentThread();
                _pass.Run();
                if (GC.GetAllocatedBytesForCurrentThread() == before) without++;
            }
            while (!submission.IsComplete) _pass.Run();
            List<Submission> ended = [];
            _sequences.TakeEnded(ended);
            Assert.Single(ended).End();
        }
        // The others make room for tokens: lists that double, a block's place among the known ones.
        Assert.InRange(without, 540, 600);
    }

    [Fact]
    public void Memory_is_flat_over_a_hundred_thousand_tokens()
    {
        long after = 0;
        List<Submission> ended = [];
        for (int tokens = 0; tokens < 100_000; tokens += Rows * 250)
        {
            Submission submission = Submitted(250);
            _sequences.Admit([submission]);
            while (!submission.IsComplete) _pass.Run();
            ended.Clear();
            _sequences.TakeEnded(ended);
            Assert.Single(ended).End();
            if (tokens == 10 * Rows * 250) after = GC.GetTotalMemory(forceFullCollection: true);
        }
        ended.Clear();
        // Other tests run beside this one: its own would show in tens of megabytes.
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - after, long.MinValue, 8 << 20);
    }

    public void Dispose()
    {
        _engine.Dispose();
        _model.Dispose();
    }

    private static Submission Submitted(int tokens)
    {
        GenerationRequest request = new([1, 2, 3], new SamplingOptions { DoSample = true, MaxNewTokens = tokens, Seed = 3 }, Rows);
        return new Submission(s => Enumerable.Range(0, Rows).Select(i =>
            new AnswerInProgress(s, request, 0, i, tokens, null, null)), CancellationToken.None);
    }
}
