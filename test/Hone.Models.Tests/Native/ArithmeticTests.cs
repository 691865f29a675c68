using static TorchSharp.torch;

namespace Hone.Models.Tests;

public sealed class ArithmeticTests
{
    /// <summary>
    /// With TorchSharp's own operators this ends the process or gives wrong numbers within a thousand rounds: a collection frees
    /// the number while libtorch reads it. Only optimised code lets go of a number that early, so that it is compiled first.
    /// </summary>
    [Fact]
    public void Numbers_live_through_their_calls_while_the_collector_runs()
    {
        using Tensor ones = TorchSharp.torch.ones(8);
        for (int i = 0; i < 400; i++)
        {
            Assert.Equal(10.75f, Compute(ones));
            if (i % 40 == 0) Thread.Sleep(50); // methods that were called often are compiled again in the background
        }
        using var stop = new CancellationTokenSource();
        var collector = new Thread(() =>
        {
            var random = new Random(1);
            while (!stop.IsCancellationRequested)
            {
                GC.Collect(0);
                GC.WaitForPendingFinalizers();
                Thread.SpinWait(random.Next(3000)); // the next collection finds the other thread at any place
            }
        });
        collector.Start();
        try
        {
            for (int i = 0; i < 5000; i++) Assert.Equal(10.75f, Compute(ones));
        }
        finally
        {
            stop.Cancel();
            collector.Join();
        }
    }

    /// <summary>((1 + 1 + .5) 2 + 3 + 1.5) / 2 + 2 + 4</summary>
    private static float Compute(Tensor ones)
    {
        using var scope = NewDisposeScope();
        return ones.Plus(ones).Plus(0.5).Times(2).AddInPlace(ones, 3).AddInPlace(1.5).ScaleInPlace(0.5)
            .AddProductInPlace(ones, ones, 2).AddQuotientInPlace(ones, ones, 4)[0].item<float>();
    }
}
