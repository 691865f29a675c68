using Hone.Data;
using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Training.Tests;

/// <summary>Gradients travel while the layers before are still being computed, and arrive whole.</summary>
public class GradientBucketsTests
{
    private static readonly SftExample[] s_examples =
        [new([1, 2, 3, 4, 5], [false, true, true, true, true]), new([6, 7, 8, 9], [false, true, true, true])];

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(true, false)]
    public void A_layer_is_told_of_once_its_gradients_are_there_and_those_before_it_are_not(bool checkpoints, bool tied)
    {
        using var scope = NewDisposeScope();
        using Transformer model = Trained(checkpoints, tied);
        var told = new List<int>();
        model.LayerDone = layer =>
        {
            told.Add(layer);
            foreach ((string name, Tensor weight) in model.Weights)
                if (GradientBuckets.LayerOf(name) is >= 0 and var own) Assert.Equal(own >= layer, weight.grad is not null);
        };
        new SftObjective().Loss(model, s_examples, new StepMetrics()).backward();
        Assert.Equal([1, 0], told);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Buckets_that_leave_during_the_backward_pass_hold_the_sum_of_all_ranks(bool checkpoints)
    {
        using var scope = NewDisposeScope();
        using Transformer alone = Trained(checkpoints);
        foreach (SftExample example in s_examples) new SftObjective().Loss(alone, [example], new StepMetrics()).backward();
        Dictionary<string, float[]> expected = Gradients(alone);
        foreach (long most in new[] { 1L, 300, 100_000 })
        {
            (int Early, Dictionary<string, float[]> Sums)[] ranks = ManyRanks.Run(2, ranks =>
            {
                using var own = NewDisposeScope();
                using Transformer model = Trained(checkpoints);
                using var buckets = new GradientBuckets(model.Trainable, ranks, most);
                model.LayerDone = buckets.LayerDone;
                new SftObjective().Loss(model, [s_examples[ranks.Rank]], new StepMetrics()).backward();
                int early = buckets.Begun;
                buckets.Finish();
                return (early, Gradients(model));
            });
            foreach ((int early, Dictionary<string, float[]> sums) in ranks)
            {
                Assert.Equal(most < 100_000, early > 0);
                foreach ((string name, float[] sum) in expected) // two numbers are added: in either order the same bits
                    Assert.Equal(sum, sums[name]);
            }
        }
    }

    /// <summary>Three ranks: sums of three numbers depend on their order, which must not depend on when a bucket leaves.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Buckets_that_leave_early_and_late_hold_the_same_bits(bool tied)
    {
        SftExample[] examples = [.. s_examples, new([3, 1, 4, 1, 5], [false, true, true, true, true])];
        Dictionary<string, float[]> Sums(bool early) => ManyRanks.Run(3, ranks =>
        {
            using var own = NewDisposeScope();
            using Transformer model = Trained(false, tied);
            using var buckets = new GradientBuckets(model.Trainable, ranks, 1000);
            if (early) model.LayerDone = buckets.LayerDone;
            new SftObjective().Loss(model, [examples[ranks.Rank]], new StepMetrics()).backward();
            Assert.Equal(early, buckets.Begun > 0);
            buckets.Finish();
            return Gradients(model);
        })[2];
        Dictionary<string, float[]> late = Sums(early: false);
        foreach ((string name, float[] sum) in Sums(early: true)) Assert.Equal(late[name], sum);
    }

    private static Transformer Trained(bool checkpoints, bool tied = true)
    {
        set_num_threads(1);
        Transformer model = Tiny.Model(tied);
        model.CheckpointBlocks = checkpoints;
        foreach (Tensor weight in model.Weights.Values) weight.requires_grad_(true);
        return model;
    }

    private static Dictionary<string, float[]> Gradients(Transformer model) =>
        model.Weights.ToDictionary(w => w.Key, w => w.Value.grad!.data<float>().ToArray());
}
