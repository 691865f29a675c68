using System.ComponentModel.DataAnnotations;
using Hone.Data;

namespace Hone.Runs.Recipes;

/// <summary>How the engine that samples answers to learn from computes.</summary>
[Decides(StagePart.Samples)]
public sealed record SamplerOptions
{
    [Comment("auto = as the model computes; on the CPU also fp32, bf16, int8 or int4, which hold its matrices in that format. Answers are "
        + "judged and learnt from in the model's own arithmetic (hone doctor --engine-check MODEL measures the distance).")]
    public SamplingFormat Format { get; init; } = SamplingFormat.Auto;

    [Comment("The run stops before an iteration is sampled where the engine that samples is further from the model that is trained (mean "
        + "KL divergence per token, in nats, over answers to the first prompts); null = no limit. The figures are in every report.")]
    [Range(0.0, 1e6, MinimumIsExclusive = true)]
    [DoesNotChangeResult]
    public double? MaxKlFromTraining { get; init; }
}
