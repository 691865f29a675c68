using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Hone.Training.Tests;

public sealed class AdamWTests
{
    [Fact]
    public void Twenty_steps_equal_libtorchs_AdamW()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(5, CPU);
        Tensor start = randn([4, 3], generator: generator);
        Tensor own = start.clone().requires_grad_(true);
        var theirs = new Parameter(start.clone());
        using var ownOptimiser = new AdamW(new Dictionary<string, Tensor> { ["w"] = own }, 0.9, 0.99, 1e-8, weightDecay: 0.05);
        var theirOptimiser = optim.AdamW([theirs], lr: 0.01, beta1: 0.9, beta2: 0.99, eps: 1e-8, weight_decay: 0.05);
        for (int i = 0; i < 20; i++)
        {
            Tensor target = randn([4, 3], generator: generator);
            (own - target).square().sum().backward();
            ownOptimiser.Step(0.01);
            theirOptimiser.zero_grad();
            (theirs - target).square().sum().backward();
            theirOptimiser.step();
        }
        Assert.True((own - theirs).abs().max().item<float>() < 1e-6f);
    }

    [Fact]
    public void Norms_and_biases_are_not_decayed()
    {
        using var scope = NewDisposeScope();
        var weights = new Dictionary<string, Tensor>();
        foreach (string name in new[] { "a.norm.weight", "a.bias", "a.weight" })
        {
            weights[name] = ones(2).requires_grad_(true);
            (weights[name] * 0).sum().backward();
        }
        using var optimiser = new AdamW(weights, 0.9, 0.999, 1e-8, weightDecay: 0.5);
        optimiser.Step(0.1);
        Assert.Equal([1f, 1f, 0.95f], weights.Values.Select(w => w[0].item<float>()));
    }
}
