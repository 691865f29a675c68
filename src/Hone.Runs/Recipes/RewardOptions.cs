using System.ComponentModel.DataAnnotations;
using Hone.Data;

namespace Hone.Runs.Recipes;

/// <summary>Bradley-Terry reward model (paper 2.2; public code bradley-terry-rm).</summary>
public sealed record RewardOptions : TrainOptions
{
    public RewardOptions()
    {
        LearningRate = 2e-6;
        BatchSize = 512;
        WeightDecay = 1e-3;
        MaxLength = 4096;
    }

    [Comment("Weights to start from: sft (the paper's text), base, or a model folder (the public code takes Llama-3-8B-Instruct). With "
        + "enabled: false it is the finished reward model.")]
    [RecipePath("sft", "base")]
    [Decides(StagePart.Given)]
    public string StartFrom { get; init; } = "sft";

    [Comment("Pairs above max_length: drop (counted) or keep_end_of_prompt (BOS and the prompt's last tokens stay; answers are never "
        + "cut).")]
    [Decides(StagePart.Given)]
    public LengthPolicy TooLong { get; init; } = LengthPolicy.Drop;

    [Comment("Weight of the squared sum of a pair's rewards in the loss, which keeps rewards around 0 (arXiv 2312.09244); 0 = off, 0.01 is "
        + "usual.")]
    [Range(0.0, 1e3)]
    public double CenterRewards { get; init; }

    [Comment("Factor of the margin that a pair's rewards must differ by (Llama 2, arXiv 2307.09288): the row's margin column, or the "
        + "difference of its scores; 0 = off.")]
    [Range(0.0, 1e3)]
    public double Margin { get; init; }
}
