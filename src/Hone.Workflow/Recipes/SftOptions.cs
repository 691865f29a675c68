using System.ComponentModel.DataAnnotations;

namespace Hone.Workflow.Recipes;

/// <summary>Supervised fine-tuning (paper 3.1 and B.3).</summary>
public sealed record SftOptions : TrainOptions
{
    public SftOptions()
    {
        LearningRate = 2e-5;
        BatchSize = 32;
        MaxLength = 8192;
    }

    [Comment("assistant learns the assistant's tokens, all every token. The paper does not say; sft.py of the public code uses all, its yaml assistant.")]
    public LossOn LossOn { get; init; } = LossOn.Assistant;

    [Comment("Joins conversations end to end and cuts blocks of this many tokens (paper: 8192; code: 4096); null = one example per conversation.")]
    [Range(2, 16_777_216)]
    public int? PackingLength { get; init; }
}
