using System.ComponentModel.DataAnnotations;
using Hone.Data;

namespace Hone.Runs.Recipes;

/// <summary>What every training stage has in common.</summary>
[Decides(StagePart.Training)]
public abstract record TrainOptions
{
    [Comment("false leaves the stage out.")]
    [DoesNotChangeResult]
    public bool Enabled { get; init; } = true;

    [Comment("Passes over the data.")]
    [Range(1, 1000)]
    public int Epochs { get; init; } = 1;

    [Comment("Highest learning rate, reached after warm-up.")]
    [Range(0.0, 1.0, MinimumIsExclusive = true)]
    public double LearningRate { get; init; }

    [Comment("Learning rate after warm-up: cosine or linear (both to 0), or constant.")]
    public Schedule Schedule { get; init; } = Schedule.Cosine;

    [Comment("Share of the steps over which the learning rate rises from 0.")]
    [Range(0.0, 1.0)]
    public double WarmupRatio { get; init; } = 0.03;

    [Comment("Examples or pairs per optimiser step, over all devices.")]
    [Range(1, 1_000_000)]
    public int BatchSize { get; init; }

    [Comment("Most tokens in one forward and backward pass; a step takes as many passes as its batch needs.")]
    [Range(1, 16_777_216)]
    public int MicroBatchTokens { get; init; } = 16_384;

    [Comment("block keeps only the input of each layer for the backward pass and computes the layer again there: a third more work, a "
        + "fraction of the memory; none keeps all; auto takes none where hone recipe plan says that it fits, else block.")]
    public ActivationCheckpoints CheckpointActivations { get; init; } = ActivationCheckpoints.None;

    [Comment("How AdamW keeps its two means of gradients: fp32, bf16 (rounded stochastically) or int8 (blocks of 256 with a scale).")]
    public OptimizerState OptimizerState { get; init; } = OptimizerState.Fp32;

    [Comment("Decoupled weight decay (AdamW); never on norms and biases.")]
    [Range(0.0, 10.0)]
    public double WeightDecay { get; init; }

    [Comment("Decay of AdamW's mean of gradients.")]
    [Range(0.0, 1.0, MaximumIsExclusive = true)]
    public double AdamBeta1 { get; init; } = 0.9;

    [Comment("Decay of AdamW's mean of squared gradients.")]
    [Range(0.0, 1.0, MaximumIsExclusive = true)]
    public double AdamBeta2 { get; init; } = 0.999;

    [Comment("Added to AdamW's denominator.")]
    [Range(0.0, 1.0, MinimumIsExclusive = true)]
    public double AdamEpsilon { get; init; } = 1e-8;

    [Comment("Gradients with a larger Euclidean norm are scaled down to it; null = no clipping.")]
    [Range(0.0, 1e9, MinimumIsExclusive = true)]
    public double? ClipNorm { get; init; } = 1.0;

    [Comment("A step whose loss or gradient is not finite is left out and counted, and its row is named; this many one after another end "
        + "the training.")]
    [Range(1, 1000)]
    public int StopAfterSkipped { get; init; } = 3;

    [Comment("Leaves out steps whose loss lies this many standard deviations above the mean of the last 64, as a broken row's does; 10 is "
        + "cautious; null = none.")]
    [Range(1.0, 1e6)]
    public double? SkipSpikes { get; init; }

    [Comment("Most tokens of one example, prompt and answer together.")]
    [Range(2, 16_777_216)]
    [Decides(StagePart.Given)]
    public int MaxLength { get; init; }

    [Comment("Steps between two metric rows.")]
    [Range(1, 1_000_000)]
    public int LogEvery { get; init; } = 10;

    [Comment("Steps between two evaluations on held-out rows; 0 = only at the end.")]
    [Range(0, 1_000_000_000)]
    public int EvalEvery { get; init; } = 100;

    [Comment("The model that the stage leaves: last, or best, the one with the lowest loss on held-out rows among its evaluations.")]
    public KeptWeights Keep { get; init; } = KeptWeights.Last;

    [Comment("Steps between two training states from which a killed run goes on; 0 = none within the stage.")]
    [Range(0, 1_000_000_000)]
    [DoesNotChangeResult]
    public int SaveEvery { get; init; } = 100;
}
