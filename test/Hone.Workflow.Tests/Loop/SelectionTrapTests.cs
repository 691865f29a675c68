using Hone.Runs;

namespace Hone.Workflow.Tests.Loop;

/// <summary>
/// Trap 22: the public scripts release the last iterate. Here the best on held-out prompts is released (Algorithm 2, line 7).
/// </summary>
public sealed class SelectionTrapTests(Unbroken unbroken) : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Trap_22_the_iterate_with_the_best_reward_on_held_out_prompts_is_released()
    {
        int best = unbroken.Results.Iterations.MaxBy(i => i.SelectionReward!.Value)!.Iteration;
        AssertReleased(unbroken.Run, unbroken.Results, best);
        Assert.NotEqual(unbroken.Results.Iterations[0].SelectionReward, unbroken.Results.Iterations[1].SelectionReward);
    }

    /// <summary>A second iteration that changes nothing is no better than the first, and being the last does not help it.</summary>
    [Fact]
    public void Trap_22_the_last_is_not_released_for_being_the_last()
    {
        TinyRun run = unbroken.Run.CopyTo(_folder.File("run"));
        RunResults results = run.Go(set: ["online.learning_rate_decay=1e-12"], redo: ["online-1/dpo"]);
        Assert.Equal(results.Iterations[0].SelectionReward, results.Iterations[1].SelectionReward);
        AssertReleased(run, results, 1);
    }

    /// <summary>Every iterate was refused for its KL, and the last of them was released all the same.</summary>
    [Fact]
    public void A_policy_that_was_refused_is_not_released()
    {
        TinyRun run = unbroken.Run.CopyTo(_folder.File("run"));
        RunResults results = run.Go(set: ["online.max_kl=0.000001"], redo: ["online-2/samples"]);
        Assert.All(results.Iterations, i => Assert.True(i.Kl > 1e-6));
        Assert.Equal("sft", Assert.Single(results.Rows, r => r.Selected).Name);
        Assert.Equal(File.ReadAllBytes(run.File("sft/model/model.safetensors")), File.ReadAllBytes(run.File("model/model.safetensors")));
        Assert.Null(results.HeadToHead);
        Assert.Contains(run.Lines, line => line.Contains("no iterate is within online.max_kl", StringComparison.Ordinal));
    }

    private static void AssertReleased(TinyRun run, RunResults results, int iteration)
    {
        Assert.Equal($"online-dpo-{iteration}", Assert.Single(results.Rows, r => r.Selected).Name);
        Assert.Equal(File.ReadAllBytes(run.File($"online-{iteration}/dpo/model/model.safetensors")),
            File.ReadAllBytes(run.File("model/model.safetensors")));
    }
}
