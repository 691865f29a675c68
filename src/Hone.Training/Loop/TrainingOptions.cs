using Hone.Data;

namespace Hone.Training;

/// <summary>What the training loop needs to know; the recipe's keys of the same names explain each.</summary>
public sealed record TrainingOptions
{
    public int Epochs { get; init; } = 1;

    public required double LearningRate { get; init; }

    public Schedule Schedule { get; init; } = Schedule.Cosine;

    public double WarmupRatio { get; init; } = 0.03;

    public required int BatchSize { get; init; }

    public int MicroBatchTokens { get; init; } = 16_384;

    /// <summary>Auto is the caller's to settle, and is none here.</summary>
    public ActivationCheckpoints CheckpointActivations { get; init; }

    public OptimizerState OptimizerState { get; init; }

    public double WeightDecay { get; init; }

    public double AdamBeta1 { get; init; } = 0.9;

    public double AdamBeta2 { get; init; } = 0.999;

    public double AdamEpsilon { get; init; } = 1e-8;

    /// <summary>Largest norm of the whole gradient; 0 = no clipping.</summary>
    public double ClipNorm { get; init; } = 1;

    /// <summary>Steps in a row that may not be taken, the last of which ends the training.</summary>
    public int StopAfterSkipped { get; init; } = 3;

    /// <summary>
    /// A loss so many standard deviations above the mean of the last 64 is a spike, and its step is left out; null: none is.
    /// </summary>
    public double? SkipSpikes { get; init; }

    public required ulong Seed { get; init; }

    /// <summary>Steps between evaluations on held-out examples; 0 = at the end only.</summary>
    public int EvalEvery { get; init; }

    /// <summary>Steps between saved training states; 0 = none.</summary>
    public int SaveEvery { get; init; }

    /// <summary>
    /// Several ranks: gradients are added in the order of one process's passes, so that any number of ranks gives its bits.
    /// </summary>
    internal bool Deterministic { get; init; }

    /// <summary>Several ranks: the optimiser's state of each weight lies on one of them (ZeRO stage 1, arXiv 1910.02054).</summary>
    internal bool ShardOptimizer { get; init; }
}
