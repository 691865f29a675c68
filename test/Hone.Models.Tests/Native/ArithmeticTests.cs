using static TorchSharp.torch;

namespace Hone.Models.Tests;

public sealed class ArithmeticTests
{
    /// <summary>
    /// With TorchSharp's own operators this ends the process or gives wrong numbers within seconds: a collection frees the
    /// number while libtorch reads it.
    /// </summary>
    [Fact]
    public void Numbers_live_through_their_calls_while_the_collector_runs()
    {
        using var stop = new CancellationTokenSource();
        var collector = new Thread(() =>
        {
            while (!stop.IsCancellationRequested) GC.Collect(0);
        });
        collector.Start();
        try
        {
            using Tensor ones = TorchSharp.torch.ones(8);
            for (int i = 0; i < 20_000; i++)
            {
                using var scope = NewDisposeScope();
                Tensor found = ones.Plus(ones).Plus(0.5).Times(2).AddInPlace(ones, 3).AddInPlace(1.5).ScaleInPlace(0.5)
                    .AddProductInPlace(ones, ones, 2).AddQuotientInPlace(ones, ones, 4);
                Assert.Equal(10.75f, found[0].item<float>()); // ((1 + 1 + .5) 2 + 3 + 1.5) / 2 + 2 + 4
            }
        }
        finally
        {
            stop.Cancel();
            collector.Join();
        }
    }
}
