using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Inference.Tests;

/// <summary>
/// libtorch's number of threads is a setting of each thread, taken from the process when the thread first asks. Engines change
/// that of the process for a while: a thread of xunit's pool that first asked beside another test's engine keeps what it got, so
/// this runs alone and on threads of its own.
/// </summary>
[Collection(nameof(TensorLeakTests))]
public sealed class EngineThreadsTests
{
    [Fact]
    public void Threads_keep_libtorchs_own_setting()
    {
        using Transformer model = TestModels.Random();
        (int before, int after, int elsewhere) = (0, 0, 0);
        OnNewThread(() =>
        {
            before = get_num_threads();
            Scheduler.OnLibtorch(model, new([5], [11, 17])).Generate(SchedulerTests.MixedRequests());
            after = get_num_threads();
        });
        OnNewThread(() => elsewhere = get_num_threads());
        Assert.True(before > 0);
        Assert.Equal((before, before), (after, elsewhere));
    }

    private static void OnNewThread(ThreadStart work)
    {
        var thread = new Thread(work);
        thread.Start();
        thread.Join();
    }
}
