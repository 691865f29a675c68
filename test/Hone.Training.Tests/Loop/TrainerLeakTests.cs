using Hone.Data;
using Hone.Models;
using TorchSharp;

namespace Hone.Training.Tests;

/// <summary>Steps leave no tensor behind; <c>bench/Training leak</c> watches the process's memory as well.</summary>
public sealed class TrainerLeakTests
{
    [Fact]
    public void No_tensor_is_left_behind_over_500_steps()
    {
        using Transformer model = Tiny.Model();
        int[] prompt = [1, 4, 2];
        PromptExample[] pairs = [.. Enumerable.Range(0, 10).Select(i => new PromptExample(prompt, [[5 + i, 6, 3], [7, 3]])
        {
            Comparisons = [new Comparison(0, 1)],
            ReferenceLogps = [-8, -5],
        })];
        var live = new List<long>();
        var objective = new DpoObjective(new() { LdAlpha = 0.5, WeightByPolicy = true });
        using var trainer = new Trainer<PromptExample>(model, objective, pairs, [],
            new() { LearningRate = 1e-3, BatchSize = 2, Epochs = 100, Seed = 1, MicroBatchTokens = 9 },
            new TrainingHooks(_ => live.Add(DisposeScopeManager.Statistics.ThreadTotalLiveCount), (_, _) => { }, (_, _) => { }));
        trainer.Run(CancellationToken.None);
        Assert.Equal(500, live.Count);
        // The first step makes the gradients.
        Assert.All(live.Skip(1), count => Assert.Equal(live[1], count));
    }
}
