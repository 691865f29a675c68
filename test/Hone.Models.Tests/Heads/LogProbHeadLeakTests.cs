using static TorchSharp.torch;

namespace Hone.Models.Tests;

[CollectionDefinition(nameof(LogProbHeadLeakTests), DisableParallelization = true)]
public class AloneCollection;

/// <summary>Counts live tensors of the whole process, so it runs alone.</summary>
[Collection(nameof(LogProbHeadLeakTests))]
public class LogProbHeadLeakTests
{
    [Fact]
    public void A_thousand_steps_leave_no_tensor_behind()
    {
        using Tensor hidden = randn(16, 8).requires_grad_(true);
        using Tensor head = randn(40, 8).requires_grad_(true);
        using Tensor targets = zeros(16, dtype: ScalarType.Int64);
        Step();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        long before = Tensor.TotalCount;
        for (int i = 0; i < 1000; i++) Step();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.True(Tensor.TotalCount - before < 50, $"{Tensor.TotalCount - before} tensors are alive");

        void Step()
        {
            using var scope = NewDisposeScope();
            LogProbHead.LogProbs(hidden, head, targets).sum().backward();
            LogProbHead.Sum(hidden, head, targets).backward();
            LogProbHead.LogProbs(hidden, head.detach(), targets).sum().backward();
            Checkpoint.Apply(hidden, x => x * x).sum().backward();
        }
    }
}
