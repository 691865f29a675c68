using System.ComponentModel.DataAnnotations;
using Hone.Data;

namespace Hone.Runs.Recipes;

/// <summary>What offline and online DPO have in common (Rafailov et al. 2023, arXiv 2305.18290).</summary>
[Decides(StagePart.Training)]
public abstract record DpoOptions : TrainOptions
{
    protected DpoOptions()
    {
        LearningRate = 5e-7;
        BatchSize = 128;
        MaxLength = 2048;
    }

    [Comment("Strength of the pull towards the reference policy.")]
    [Range(0.0, 100.0, MinimumIsExclusive = true)]
    public double Beta { get; init; } = 0.1;

    [Comment("Assumed share of wrong labels. Paper: none; some scripts of the public code use 0.1.")]
    [Range(0.0, 0.5, MaximumIsExclusive = true)]
    public double LabelSmoothing { get; init; }

    [Comment("The loss: sigmoid (DPO), sigmoid_norm, robust, hinge, ipo, exo_pair, discopop, nca_pair, bco_pair, sppo_hard, apo_zero, "
        + "apo_down, aot, aot_unpaired, simpo, orpo or sft; several are added with weights, as in 0.8*sigmoid + 0.2*sft.")]
    public string Loss { get; init; } = "sigmoid";

    [Comment("SimPO's target margin (its gamma, not its ratio to beta).")]
    [Range(0.0, 1e3)]
    public double Gamma { get; init; } = 0.5;

    [Comment("What the losses of a margin measure the distance to the reference by: reverse_kl (DPO), js or alpha.")]
    public Divergence Divergence { get; init; } = Divergence.ReverseKl;

    [Comment("Coefficient of the alpha divergence; 1 = forward KL.")]
    [Range(0.0, 1e3, MinimumIsExclusive = true)]
    public double DivergenceAlpha { get; init; } = 1;

    [Comment("Most tokens of a prompt. A longer one is dropped and counted, unless offline_dpo.too_long says otherwise.")]
    [Range(1, 16_777_216)]
    [Decides(StagePart.Given)]
    public int MaxPromptLength { get; init; } = 1024;
}

/// <summary>The offline (vanilla) DPO baseline: one epoch over the given preference pairs, from SFT, against SFT.</summary>
public sealed record OfflineDpoOptions : DpoOptions
{
    [Comment("Pairs above max_length or max_prompt_length: drop (counted), keep_end_of_prompt (BOS and the prompt's last tokens stay; "
        + "answers are never cut) or faithful (TRL 0.9.6, which the public code ran: the prompt's front is cut, BOS included, then the "
        + "answers' ends, end token included).")]
    [Decides(StagePart.Given)]
    public LengthPolicy TooLong { get; init; } = LengthPolicy.Drop;

    [Comment("Further betas to train the baseline with, each a stage and a row of its own: what it gains at less and at more KL.")]
    [Decides(StagePart.Table)]
    public IReadOnlyList<double> BetaSweep { get; init; } = [];

    /// <summary>The options of each policy of the sweep.</summary>
    public IEnumerable<OfflineDpoOptions> Swept() => BetaSweep.Select(beta => this with { Beta = beta, BetaSweep = [] });
}
