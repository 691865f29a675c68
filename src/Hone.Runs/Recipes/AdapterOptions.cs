using System.ComponentModel.DataAnnotations;
using Hone.Data;

namespace Hone.Runs.Recipes;

/// <summary>Low-rank adaptation (Hu et al. 2021, arXiv 2106.09685) in all training stages; names are PEFT's.</summary>
[Decides(StagePart.Training)]
public sealed record AdapterOptions
{
    [Comment("Rank of a LoRA adapter that is trained in place of the weights, which are then held once, frozen, in the number format of "
        + "precision; 0 = no adapter, all weights are trained. A usual rank is 16, with learning rates ten times as high.")]
    [Range(0, 16_384)]
    public int Rank { get; init; }

    [Comment("What the adapter adds is multiplied by alpha / rank.")]
    [Range(0.0, 1e6, MinimumIsExclusive = true)]
    public double Alpha { get; init; } = 32;

    [Comment("Share of the adapter's inputs that training leaves out at random.")]
    [Range(0.0, 1.0, MaximumIsExclusive = true)]
    public double Dropout { get; init; }

    [Comment("Matrices that are adapted: all-linear, or names such as q_proj.")]
    [MinLength(1)]
    public IReadOnlyList<string> Targets { get; init; } = ["all-linear"];

    [Comment("true divides alpha by the square root of the rank (rsLoRA).")]
    public bool Rslora { get; init; }

    [Comment("How the frozen matrices are held while an adapter is trained: compute (the number format of precision), int8 or nf4 (8 or 4 "
        + "bits a value in blocks of 64; QLoRA). Sampling and scoring always take the base as it is.")]
    public FrozenFormat Frozen { get; init; } = FrozenFormat.Compute;

    [Comment("A stage whose model has an adapter already: continue trains it on, fresh trains another on top of it.")]
    public AdapterStart Start { get; init; } = AdapterStart.Continue;
}

public enum AdapterStart { Continue, Fresh }
