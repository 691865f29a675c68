using System.Text.Json;
using Hone.Data;
using static TorchSharp.torch;

namespace Hone.Training.Tests;

/// <summary>Each loss against its paper's formula written out in plain double arithmetic, and its gradient against differences.</summary>
public sealed class PreferenceLossTests
{
    private const double Beta = 0.3, Smoothing = 0.1, Gamma = 0.4, Alpha = 0.7;

    // Two pairs: policy chosen, policy rejected, reference chosen, reference rejected, lengths.
    private static readonly double[][] s_pairs = [[-4, -3, -5, -2, 4, 3], [-1, -6, -2, -5, 2, 5]];

    public static TheoryData<LossKind> Kinds => [.. Enum.GetValues<LossKind>().Where(k => k != LossKind.Kto)];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_loss_is_its_papers_formula(LossKind kind)
    {
        Tensor found = PreferenceLoss.Of(kind, Pairs(), Options());
        double[] expected = Expected(kind, s_pairs);
        for (int i = 0; i < 2; i++) Assert.Equal(expected[i], found[i].item<float>(), 1e-5);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_gradient_is_that_of_the_formula(LossKind kind)
    {
        PairLogProbs pairs = Pairs();
        Tensor[] policy = [pairs.Chosen.requires_grad_(true), pairs.Rejected.requires_grad_(true)];
        PreferenceLoss.Of(kind, pairs, Options()).sum().backward();
        const double Step = 1e-5;
        for (int side = 0; side < 2; side++)
            for (int pair = 0; pair < 2; pair++)
            {
                double At(double shift)
                {
                    double[][] moved = [.. s_pairs.Select(p => p.ToArray())];
                    moved[pair][side] += shift;
                    // BCO's mean carries no gradient.
                    return Expected(kind, moved, meanOf: s_pairs).Sum();
                }
                double expected = (At(Step) - At(-Step)) / (2 * Step);
                Assert.Equal(expected, policy[side].grad?[pair].item<float>() ?? 0, 2e-4);
            }
    }

    [Fact]
    public void Dpos_loss_is_ln_2_where_policy_and_reference_agree_at_any_label_smoothing()
    {
        foreach (double smoothing in new[] { 0, 0.1, 0.4 })
        {
            Tensor two = tensor(new[] { 3f, 5f });
            var same = new PairLogProbs(T(-3, -1), T(-7, -2), T(-3, -1), T(-7, -2), two, two);
            foreach (LossKind kind in new[] { LossKind.Sigmoid, LossKind.SigmoidNorm })
                Assert.Equal(Math.Log(2),
                    PreferenceLoss.Of(kind, same, Options() with { LabelSmoothing = smoothing })[0].item<float>(), 1e-6);
        }
    }

    [Fact]
    public void Dpos_losses_equal_torchtunes_published_vectors()
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(SharedData.Require("vectors/dpo_loss_vectors.json")));
        JsonElement v = json.RootElement[0];
        Tensor one = ones(3);
        Tensor loss = PreferenceLoss.Of(
            new PairLogProbs(Read("policy_chosen"), Read("policy_rejected"), Read("ref_chosen"), Read("ref_rejected"), one, one),
            new PreferenceLossOptions { Beta = v.GetProperty("beta").GetDouble() });
        Tensor expected = Read("expected");
        for (int i = 0; i < 3; i++) Assert.Equal(expected[i].item<float>(), loss[i].item<float>(), 1e-6);

        Tensor Read(string name) => T([.. v.GetProperty(name).EnumerateArray().Select(x => x.GetSingle())]);
    }

    /// <summary>Alpha 1 is forward KL: f'(u) = -1 / u. Jensen-Shannon: f'(u) = log(2u / (1 + u)).</summary>
    [Fact]
    public void Divergences_take_the_margin_of_their_derivatives()
    {
        double[] p = s_pairs[0];
        (double a, double b) = (p[0] - p[2], p[1] - p[3]);
        void AssertMargin(double expected, Divergence divergence) => Assert.Equal(
            -Math.Log(Sigmoid(Beta * expected)),
            PreferenceLoss.Of(LossKind.Sigmoid, Pairs(),
                Options() with { LabelSmoothing = 0, Divergence = divergence, DivergenceAlpha = 1 })[0]
                .item<float>(), 1e-5);
        AssertMargin(a - b, Divergence.ReverseKl);
        AssertMargin(-Math.Exp(-a) + Math.Exp(-b), Divergence.Alpha);
        double Js(double x) => Math.Log(2 * Math.Exp(x) / (1 + Math.Exp(x)));
        AssertMargin(Js(a) - Js(b), Divergence.Js);
    }

    [Fact]
    public void A_mix_adds_its_losses_with_their_weights()
    {
        LossMix mix = LossMix.Parse("0.8*sigmoid + 0.2 * sft+hinge");
        Tensor found = PreferenceLoss.Of(Pairs(), Options() with { Loss = mix });
        for (int i = 0; i < 2; i++)
            Assert.Equal((0.8 * Expected(LossKind.Sigmoid, s_pairs)[i]) + (0.2 * Expected(LossKind.Sft, s_pairs)[i])
                + Expected(LossKind.Hinge, s_pairs)[i], found[i].item<float>(), 1e-5);
        foreach (string wrong in new[] { "", "sigmoyd", "0*sft", "-1*sft", "sft + sft", "1*2*sft", "sft,hinge", "NaN*sft", "kto + sft" })
            Assert.Throws<InputException>(() => LossMix.Parse(wrong));
        Assert.Equal(["sigmoid", "sigmoid_norm", "robust", "hinge", "ipo", "exo_pair", "discopop", "nca_pair", "bco_pair", "sppo_hard",
            "apo_zero", "apo_down", "aot", "aot_unpaired", "simpo", "orpo", "sft", "kto"], LossMix.Names);
    }

    private static double[] Expected(LossKind kind, double[][] pairs, double[][]? meanOf = null)
    {
        static double Log(double h) => -Math.Log(1 + Math.Exp(-h)); // log s(h)
        static double Smoothed(double h) => (-(1 - Smoothing) * Log(h)) - (Smoothing * Log(-h));
        double mean = (meanOf ?? pairs).SelectMany(p => new[] { Beta * (p[0] - p[2]), Beta * (p[1] - p[3]) }).Average();
        double[] Sorted(Func<double[], double> value) => [.. pairs.Select(value).Order()];
        double[] policy = Sorted(p => p[0] - p[1]), reference = Sorted(p => p[2] - p[3]);
        double[] won = Sorted(p => p[0] - p[2]), lost = Sorted(p => p[1] - p[3]);
        return [.. pairs.Select((p, i) =>
        {
            double a = Beta * (p[0] - p[2]), b = Beta * (p[1] - p[3]), h = a - b;
            double c = p[0] / p[4], r = p[1] / p[5], perToken = ((p[0] - p[2]) / p[4]) - ((p[1] - p[3]) / p[5]);
            double Odds(double x) => Math.Log(Math.Exp(x) / (1 - Math.Exp(x)));
            double m = Sigmoid(h / 0.05);
            return kind switch
            {
                LossKind.Sigmoid => Smoothed(h),
                LossKind.SigmoidNorm => Smoothed(Beta * perToken),
                LossKind.Robust => ((-(1 - Smoothing) * Log(h)) + (Smoothing * Log(-h))) / (1 - (2 * Smoothing)),
                LossKind.Hinge => Math.Max(0, 1 - h),
                LossKind.Ipo => Math.Pow(perToken - (1 / (2 * Beta)), 2),
                LossKind.ExoPair => (Sigmoid(h) * (Log(h) - Math.Log(1 - Smoothing))) + (Sigmoid(-h) * (Log(-h) - Math.Log(Smoothing))),
                LossKind.Discopop => ((1 - m) * -Log(h)) + (m * Math.Exp(-h)),
                LossKind.NcaPair => -Log(a) - (0.5 * Log(-a)) - (0.5 * Log(-b)),
                LossKind.BcoPair => -Log(a - mean) - Log(-(b - mean)),
                LossKind.SppoHard => Math.Pow(p[0] - p[2] - (0.5 / Beta), 2) + Math.Pow(p[1] - p[3] + (0.5 / Beta), 2),
                LossKind.ApoZero => 1 - Sigmoid(a) + Sigmoid(b),
                LossKind.ApoDown => Sigmoid(a) + 1 - Sigmoid(a - b),
                LossKind.Aot => Smoothed(Beta * (policy[i] - reference[i])),
                LossKind.AotUnpaired => Smoothed(Beta * (won[i] - lost[i])),
                LossKind.Simpo => Smoothed((Beta * (c - r)) - Gamma),
                LossKind.Orpo => -c - (Beta * Log(Odds(c) - Odds(r))),
                LossKind.Sft => -c,
                _ => throw new ArgumentOutOfRangeException(nameof(kind)),
            };
        })];
    }

    private static PreferenceLossOptions Options() =>
        new() { Beta = Beta, LabelSmoothing = Smoothing, Gamma = Gamma, DivergenceAlpha = Alpha };

    private static PairLogProbs Pairs()
    {
        Tensor Column(int i) => T([.. s_pairs.Select(p => (float)p[i])]);
        return new PairLogProbs(Column(0), Column(1), Column(2), Column(3), Column(4), Column(5));
    }

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    private static Tensor T(params float[] values) => tensor(values);
}
