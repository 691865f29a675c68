using System.ComponentModel.DataAnnotations;
using Hone.Data;

namespace Hone.Runs.Recipes;

/// <summary>Supervised fine-tuning (paper 3.1 and B.3).</summary>
public sealed record SftOptions : TrainOptions
{
    public SftOptions()
    {
        LearningRate = 2e-5;
        BatchSize = 32;
        MaxLength = 8192;
    }

    [Comment("assistant learns the assistant's tokens, all every token. The paper does not say; sft.py of the public code uses all, its "
        + "yaml assistant.")]
    [Decides(StagePart.Given)]
    public SftLoss LossOn { get; init; } = SftLoss.Assistant;

    [Comment("Conversations above max_length: drop (counted), keep_end_of_prompt (BOS and the last tokens stay) or faithful (the end is "
        + "cut off as in the public code, and its end token with it).")]
    [Decides(StagePart.Given)]
    public LengthPolicy TooLong { get; init; } = LengthPolicy.Drop;

    [Comment("Joins conversations end to end and cuts blocks of this many tokens (paper: 8192; code: 4096); null = one example per "
        + "conversation.")]
    [Range(2, 16_777_216)]
    [Decides(StagePart.Given)]
    public int? PackingLength { get; init; }
}
