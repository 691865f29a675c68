using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Inference.Tests;

[CollectionDefinition(nameof(TensorLeakTests), DisableParallelization = true)]
public class AloneCollection;

/// <summary>Counts live tensors of the whole process, so it runs alone.</summary>
[Collection(nameof(TensorLeakTests))]
public class TensorLeakTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Generation_leaves_no_tensor_behind(bool fails)
    {
        using Transformer model = TestModels.Random();
        var engine = Scheduler.OnLibtorch(model, new StopRules([5, 11, 17]));
        GenerationRequest[] requests = [.. Enumerable.Range(1, 12).Select(i =>
            new GenerationRequest([.. Enumerable.Range(1, i)],
                new SamplingOptions { DoSample = true, MaxNewTokens = 50, Seed = (ulong)i }, 3))];
        engine.Generate(requests);
        long before = Tensor.TotalCount;
        if (fails) Assert.Throws<NotSupportedException>(() => engine.Generate(requests, t => Fail(t.Step)));
        else engine.Generate(requests);
        Assert.Equal(before, Tensor.TotalCount);
    }

    [Fact]
    public async Task A_cancelled_submission_and_a_reader_that_leaves_leave_no_tensor_behind()
    {
        using Transformer model = TestModels.Random();
        var engine = Scheduler.OnLibtorch(model, new StopRules());
        var options = new SamplingOptions { MaxNewTokens = 200 };
        GenerationRequest[] requests = [new([1, 2, 3], options, 9), new([4], options)];
        engine.Generate(requests);
        long before = Tensor.TotalCount;
        using var cancel = new CancellationTokenSource();
        GenerationStream cancelled = engine.Submit(requests, cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.Completions);
        Assert.Equal(before, Tensor.TotalCount);
        await foreach (GeneratedToken token in engine.StreamAsync(requests, TestContext.Current.CancellationToken))
            if (token.Step == 7) break;
        Assert.Equal(before, Tensor.TotalCount);
    }

    private static void Fail(int step)
    {
        if (step == 10) throw new NotSupportedException("in the middle of a batch");
    }
}
