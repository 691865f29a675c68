using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Inference.Tests;

[CollectionDefinition(nameof(EngineThreadsTests), DisableParallelization = true)]
public class OneEngineCollection;

/// <summary>libtorch's number of threads is a setting of the whole process, which engines of other tests change for a while.</summary>
[Collection(nameof(EngineThreadsTests))]
public sealed class EngineThreadsTests
{
    [Fact]
    public void Threads_keep_libtorchs_own_setting()
    {
        using Transformer model = TestModels.Random();
        int before = get_num_threads();
        new LibtorchEngine(model, new StopRules()).Generate(LibtorchEngineTests.MixedRequests());
        Assert.Equal(before, get_num_threads());
        int elsewhere = 0;
        var thread = new Thread(() => elsewhere = get_num_threads());
        thread.Start();
        thread.Join();
        Assert.Equal(before, elsewhere);
    }
}
