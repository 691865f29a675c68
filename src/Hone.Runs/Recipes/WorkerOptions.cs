using System.ComponentModel.DataAnnotations;

namespace Hone.Runs.Recipes;

/// <summary>How the inference servers in <c>workers</c> are asked.</summary>
public sealed record WorkerOptions
{
    internal const string Auto = "auto";

    [Comment("How they get the weights of each iteration. auto: an adapter is loaded beside its base (vLLM, SGLang, hone serve), all "
        + "weights are read from disk (SGLang, hone serve); else a command, run for each worker with HONE_WORKER, HONE_MODEL and "
        + "HONE_VERSION set.")]
    [DoesNotChangeResult]
    public string Refresh { get; init; } = Auto;

    [Comment("How far their log-probabilities of fixed prompts may be from Hone's own, in nats per token on average. 0.05 is for bf16 and "
        + "fp32; int8 and int4 servers need more.")]
    [Range(0.0, 100.0, MinimumIsExclusive = true)]
    [DoesNotChangeResult]
    public double Tolerance { get; init; } = 0.05;

    [Comment("Requests under way at a time at each.")]
    [Range(1, 4096)]
    [DoesNotChangeResult]
    public int Requests { get; init; } = 32;

    [Comment("Longest wait for one answer, in seconds.")]
    [Range(1, 86_400)]
    [DoesNotChangeResult]
    public int Timeout { get; init; } = 600;
}
