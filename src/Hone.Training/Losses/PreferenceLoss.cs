using Hone.Data;
using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Training;

/// <summary>Constants of the losses on pairs.</summary>
public sealed record PreferenceLossOptions
{
    public LossMix Loss { get; init; } = new([new LossTerm(LossKind.Sigmoid, 1)]);

    /// <summary>Strength of the pull towards the reference; SimPO's and ORPO's factor too.</summary>
    public double Beta { get; init; } = 0.1;

    /// <summary>Assumed share of wrong labels, where the loss knows one.</summary>
    public double LabelSmoothing { get; init; }

    /// <summary>SimPO's target margin.</summary>
    public double Gamma { get; init; }

    /// <summary>What the losses of a margin measure it by.</summary>
    public Divergence Divergence { get; init; }

    /// <summary>Of the alpha divergence.</summary>
    public double DivergenceAlpha { get; init; } = 1;

    /// <summary>Weight of what an answer is longer than the other one (LD-DPO); 1 = as all else.</summary>
    public double LdAlpha { get; init; } = 1;

    /// <summary>Whether pairs count by how likely the policy would sample them itself (WPO).</summary>
    public bool WeightByPolicy { get; init; }
}

/// <summary>From a loss's name to its formula. Each is a pure function of the pair's log-probabilities.</summary>
public static class PreferenceLoss
{
    /// <summary>The weighted sum of the losses asked for. [pairs]</summary>
    public static Tensor Of(PairLogProbs p, PreferenceLossOptions o)
    {
        Tensor Weighted(LossTerm term) => term.Weight == 1 ? Of(term.Kind, p, o) : Of(term.Kind, p, o).Times(term.Weight);
        return o.Loss.Terms.Skip(1).Aggregate(Weighted(o.Loss.Terms[0]), (sum, term) => sum.Plus(Weighted(term)));
    }

    /// <summary>One loss of each pair. [pairs]</summary>
    public static Tensor Of(LossKind kind, PairLogProbs p, PreferenceLossOptions o)
    {
        Tensor Scaled(Tensor x) => x.Times(o.Beta);
        Tensor Margin() => Scaled(p.Margin(o.Divergence, o.DivergenceAlpha));
        Tensor Chosen() => Scaled(p.ChosenRatio);
        Tensor Rejected() => Scaled(p.RejectedRatio);
        double e = o.LabelSmoothing;
        return kind switch
        {
            LossKind.Sigmoid => MarginLosses.Sigmoid(Margin(), e),
            LossKind.SigmoidNorm => MarginLosses.Sigmoid(Scaled(p.PerToken.Margin(o.Divergence, o.DivergenceAlpha)), e),
            LossKind.Robust => MarginLosses.Robust(Margin(), e),
            LossKind.Hinge => MarginLosses.Hinge(Margin()),
            LossKind.Ipo => MarginLosses.Ipo(p.PerToken.Margin(o.Divergence, o.DivergenceAlpha), o.Beta),
            LossKind.ExoPair => MarginLosses.Exo(Margin(), e),
            LossKind.Discopop => MarginLosses.Discopop(Margin()),
            LossKind.NcaPair => RatioLosses.Nca(Chosen(), Rejected()),
            LossKind.BcoPair => RatioLosses.Bco(Chosen(), Rejected()),
            LossKind.SppoHard => RatioLosses.Sppo(Chosen(), Rejected(), o.Beta),
            LossKind.ApoZero => RatioLosses.ApoZero(Chosen(), Rejected()),
            LossKind.ApoDown => RatioLosses.ApoDown(Chosen(), Rejected()),
            LossKind.Aot => TransportLosses.Aot(p, Scaled, e),
            LossKind.AotUnpaired => TransportLosses.AotUnpaired(p, Scaled, e),
            LossKind.Simpo => ReferenceFreeLosses.Simpo(p.PerToken.Chosen, p.PerToken.Rejected, o.Beta, o.Gamma, e),
            LossKind.Orpo => ReferenceFreeLosses.Orpo(p.PerToken.Chosen, p.PerToken.Rejected, o.Beta),
            LossKind.Sft => ReferenceFreeLosses.Sft(p.PerToken.Chosen),
            // KTO has an objective of its own.
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "no loss on pairs"),
        };
    }
}
