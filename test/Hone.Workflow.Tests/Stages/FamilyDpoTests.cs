using Hone.Data;
using Hone.Inference;
using Hone.Models;
using Hone.Training;
using static TorchSharp.torch;

namespace Hone.Workflow.Tests;

/// <summary>DPO on every family: the policy is its own reference at step 0, so the loss is ln 2, and one step lowers it.</summary>
public sealed class FamilyDpoTests
{
    public static TheoryData<string> Models()
    {
        string? root = SharedData.TryGet("models");
        return root is null
            ? ["none"]
            : [.. Directory.GetDirectories(root, "tiny-*").Select(d => Path.GetFileName(d)!).Order(StringComparer.Ordinal)];
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void The_loss_is_ln_2_at_step_0_and_falls(string name) => LossBeginsAtLn2(name, "float32", new TrainingStart(), 1e-5, 1e-4);

    [Theory]
    [MemberData(nameof(Models))]
    public void In_bf16_and_on_4_bit_matrices_it_is_ln_2_too(string name)
    {
        LossBeginsAtLn2(name, "bfloat16", new TrainingStart(), 1e-3, 1e-4);
        LossBeginsAtLn2(name, "bfloat16",
            new TrainingStart(new LoraOptions { Rank = 4, Alpha = 8 }, Seed: 1, Frozen: FrozenFormat.Nf4), 1e-3, 1e-2);
    }

    private static void LossBeginsAtLn2(string name, string type, TrainingStart start, double tolerance, double rate)
    {
        using var scope = NewDisposeScope();
        using PretrainedModel model =
            PretrainedModel.Open(SharedData.Require("models/" + name), ComputeTarget.Parse("cpu", type), start);
        PromptExample[] pairs =
        [
            new([1, 397, 354, 329, 412], [[323, 417, 2], [431, 425, 421, 410, 2]]) { Comparisons = [new Comparison(0, 1)] },
            new([1, 312, 443], [[346, 280, 388, 266, 345, 374, 419, 334, 330, 269, 262, 415, 327, 2], [266, 2]])
            {
                Comparisons = [new Comparison(1, 0)],
            },
        ];
        IReadOnlyList<PromptExample> examples = ReferenceLogProbs.Attach(model.Model, pairs, maxTokens: 64);
        var losses = new List<double>();
        using var trainer = new Trainer<PromptExample>(
            model.Model, new DpoObjective(new() { Beta = 0.1 }), examples, [],
            new TrainingOptions { LearningRate = rate, BatchSize = 2, Epochs = 3, WarmupRatio = 0, Seed = 1 },
            new TrainingHooks(report => losses.Add(report.Metrics["loss"]), (_, _) => { }, (_, _) => { }));
        trainer.Run(TestContext.Current.CancellationToken);
        Assert.Equal(Math.Log(2), losses[0], tolerance);
        Assert.True(losses[^1] < losses[0] - 1e-4, string.Join(", ", losses));
    }
}
