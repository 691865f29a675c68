using OptimizerState = Hone.Data.OptimizerState;
using Parameter = TorchSharp.Modules.Parameter;
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
        using var ownOptimiser = new AdamW(new Dictionary<string, Tensor> { ["w"] = own }, Options(0.99, 0.05));
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
        using var optimiser = new AdamW(weights, Options(0.999, 0.5));
        optimiser.Step(0.1);
        Assert.Equal([1f, 1f, 0.95f], weights.Values.Select(w => w[0].item<float>()));
    }

    /// <summary>
    /// A weight of more than one piece, whose gradients span six decades and one within a block, ends where fp32 states take
    /// it: to a small share of the
    /// way with one byte a value, and closer with bf16.
    /// </summary>
    [Theory]
    [InlineData(OptimizerState.Bf16, 0.01)]
    [InlineData(OptimizerState.Int8, 0.05)]
    public void Small_states_go_the_way_of_fp32_states(OptimizerState format, double share)
    {
        Assert.True(Distance(Run(format), Run(OptimizerState.Fp32)) < share * Distance(Run(OptimizerState.Fp32), s_start));
    }

    [Fact]
    public void The_table_of_one_byte_numbers_has_256_values_in_order_with_0_and_1()
    {
        foreach (bool signed in new[] { true, false })
        {
            float[] table = BlockMoment.Table(signed);
            Assert.Equal(256, table.Length);
            Assert.Equal(table.Distinct().Order(), table);
            Assert.Contains(0f, table);
            Assert.Equal(1f, table[^1]);
            Assert.Equal(signed, table[0] < 0);
        }
    }

    /// <summary>Rounded stochastically, a number far below the step between two bf16 numbers survives on average.</summary>
    [Fact]
    public void A_bf16_state_does_not_lose_small_updates_on_average()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1, CPU);
        using Moment moment = Moment.Zeros(zeros(100_000), OptimizerState.Bf16, signed: true);
        moment.Write(0, ones(100_000), generator);
        for (int i = 0; i < 10; i++) moment.Write(0, moment.Read(0, 100_000) + 0.0005f, generator);
        Assert.Equal(1.005, moment.Read(0, 100_000).mean().item<float>(), 2e-4);
    }

    private static readonly float[] s_start = [.. Enumerable.Range(0, (1 << 20) + 77).Select(i => MathF.Sin(i))];

    private static float[] Run(OptimizerState format)
    {
        using var scope = NewDisposeScope();
        Tensor weight = tensor(s_start).requires_grad_(true);
        Tensor sizes = tensor(s_start.Select((_, i) => (1 + (i % 10)) * MathF.Pow(10, -(i / 256 % 7))).ToArray());
        using var optimiser = new AdamW(new Dictionary<string, Tensor> { ["w"] = weight },
            Options(0.99, 0) with { OptimizerState = format });
        for (int i = 0; i < 10; i++)
        {
            using var step = NewDisposeScope();
            (weight.square() * sizes).sum().backward();
            optimiser.Step(0.01);
        }
        return weight.data<float>().ToArray();
    }

    private static double Distance(float[] a, float[] b) => Math.Sqrt(a.Zip(b, (x, y) => (double)(x - y) * (x - y)).Sum());

    private static TrainingOptions Options(double beta2, double decay) => new()
    {
        LearningRate = 0.01, BatchSize = 1, Seed = 1, AdamBeta1 = 0.9, AdamBeta2 = beta2, AdamEpsilon = 1e-8, WeightDecay = decay,
    };
}
