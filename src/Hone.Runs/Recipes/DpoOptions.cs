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
        + "apo_down, aot, aot_unpaired, simpo, orpo or sft; several are added with weights, as in 0.8*sigmoid + 0.2*sft. offline_dpo also "
        + "has kto, for answers that are labelled one by one.")]
    public string Loss { get; init; } = "sigmoid";

    [Comment("SimPO's target margin (its gamma, not its ratio to beta).")]
    [Range(0.0, 1e3)]
    public double Gamma { get; init; } = 0.5;

    [Comment("What the losses of a margin measure the distance to the reference by: reverse_kl (DPO), js or alpha.")]
    public Divergence Divergence { get; init; } = Divergence.ReverseKl;

    [Comment("Coefficient of the alpha divergence; 1 = forward KL.")]
    [Range(0.0, 1e3, MinimumIsExclusive = true)]
    public double DivergenceAlpha { get; init; } = 1;

    [Comment("Weight of the tokens by which one answer of a pair is longer than the other (LD-DPO, arXiv 2409.06411); 1 = all "
        + "count alike.")]
    [Range(0.0, 1.0)]
    public double LdAlpha { get; init; } = 1;

    [Comment("true weighs each pair by how likely the policy would sample it itself (WPO, arXiv 2406.11827), for pairs of other models.")]
    public bool WeightByPolicy { get; init; }

    [Comment("Most tokens of a prompt. A longer one is dropped and counted, unless offline_dpo.too_long says otherwise.")]
    [Range(1, 16_777_216)]
    [Decides(StagePart.Given)]
    public int MaxPromptLength { get; init; } = 1024;
}

/// <summary>The offline (vanilla) DPO baseline: one epoch over the given preference pairs, from SFT, against SFT.</summary>
[Decides(StagePart.Training)]
public sealed record OfflineDpoOptions : DpoOptions
{
    [Comment("Pairs above max_length or max_prompt_length: drop (counted), keep_end_of_prompt (BOS and the prompt's last tokens stay; "
        + "answers are never cut) or faithful (TRL 0.9.6, which the public code ran: the prompt's front is cut, BOS included, then the "
        + "answers' ends, end token included).")]
    [Decides(StagePart.Given)]
    public LengthPolicy TooLong { get; init; } = LengthPolicy.Drop;

    [Comment("kto: weight of answers labelled good. Its paper advises good x its weight to be 1 to 4/3 of bad x its weight.")]
    [Range(0.0, 1e3, MinimumIsExclusive = true)]
    public double DesirableWeight { get; init; } = 1;

    [Comment("kto: weight of answers labelled bad.")]
    [Range(0.0, 1e3, MinimumIsExclusive = true)]
    public double UndesirableWeight { get; init; } = 1;

    [Comment("Further betas to train the baseline with, each a stage and a row of its own: what it gains at less and at more KL.")]
    [Decides(StagePart.Table)]
    public IReadOnlyList<double> BetaSweep { get; init; } = [];

    /// <summary>Whether its loss learns from answers that are labelled one by one.</summary>
    internal bool Unpaired => LossMix.Parse(Loss).Unpaired;

    /// <summary>The options of each policy of the sweep.</summary>
    public IEnumerable<OfflineDpoOptions> Swept() => BetaSweep.Select(beta => this with { Beta = beta, BetaSweep = [] });
}
