using Hone.Data;
using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Training.Tests;

/// <summary>KTO's formulas by hand, and its objective against separate sequences.</summary>
public sealed class KtoLossTests
{
    [Fact]
    public void A_wanted_answer_costs_less_the_further_it_is_above_the_baseline()
    {
        // 1 - s(0.5 (2 - 1)) = 1 - s(0.5) = 0.37754; 1 - s(0.5 (-1 - 1)) = 1 - s(-1) = 0.73106.
        Tensor loss = KtoLoss.Desirable(tensor(new[] { 2f, -1f }), tensor(1f), 0.5);
        Assert.Equal(0.377541, loss[0].item<float>(), 1e-5);
        Assert.Equal(0.731059, loss[1].item<float>(), 1e-5);
    }

    [Fact]
    public void An_unwanted_answer_costs_less_the_further_it_is_below_the_baseline()
    {
        Tensor loss = KtoLoss.Undesirable(tensor(new[] { 2f, -1f }), tensor(1f), 0.5);
        Assert.Equal(0.622459, loss[0].item<float>(), 1e-5);
        Assert.Equal(0.268941, loss[1].item<float>(), 1e-5);
    }

    [Fact]
    public void The_baseline_is_the_mean_ratio_of_mismatched_answers_and_never_negative()
    {
        Assert.Equal(2, KtoLoss.Baseline(tensor(new[] { 3f, 1f })).item<float>(), 1e-6);
        Assert.Equal(0, KtoLoss.Baseline(tensor(new[] { -3f, 1f })).item<float>(), 1e-6);
    }

    /// <summary>d/dr (1 - s(x)) = -beta s(x) (1 - s(x)) with x = beta (r - z), and the opposite sign below; none in z.</summary>
    [Fact]
    public void Gradients_are_those_of_the_formula_and_the_baseline_has_none()
    {
        Tensor good = tensor(new[] { 2f }).requires_grad_(true), bad = tensor(new[] { -1f }).requires_grad_(true);
        Tensor mismatched = tensor(new[] { 3f, 1f }).requires_grad_(true), z = KtoLoss.Baseline(mismatched);
        (KtoLoss.Desirable(good, z, 0.5).sum() * 1 + KtoLoss.Undesirable(bad, z, 0.5).sum()).backward();
        static double Slope(double x) => 0.5 / (1 + Math.Exp(-x)) / (1 + Math.Exp(x));
        Assert.Equal(-Slope(0), good.grad![0].item<float>(), 1e-6);
        Assert.Equal(Slope(1.5), bad.grad![0].item<float>(), 1e-6);
        Assert.True(mismatched.grad is null);
    }

    [Fact]
    public void The_objective_is_the_weighted_sum_over_its_separate_sequences()
    {
        using Transformer model = Tiny.Model();
        int[] first = [1, 4, 2], second = [1, 6];
        LabelledExample[] rows = [new(first, [5, 6, 3], true), new(second, [7, 3], false), new(first, [8, 3], false)];
        IReadOnlyList<PromptExample> examples =
            [.. KtoBatch.Of(rows, 64).Select((e, i) => e with { ReferenceLogps = [-7 - i, -5 + i] })];
        // Each row beside the next one's answer that is to another prompt.
        (int[] Prompt, int[] Answer, double Reference)[] others =
            [(first, [7, 3], -5), (second, [8, 3], -4), (first, [7, 3], -3)];
        double z = Math.Max(0, others.Average(o => Tiny.LogProb(model, o.Prompt, o.Answer) - o.Reference));
        double expected = rows.Index().Sum(r =>
        {
            double ratio = Tiny.LogProb(model, r.Item.Prompt, r.Item.Answer) + 7 + r.Index;
            double x = 0.3 * (r.Item.Desirable ? ratio - z : z - ratio);
            return (r.Item.Desirable ? 1.5 : 0.5) * (1 - (1 / (1 + Math.Exp(-x))));
        });
        var metrics = new StepMetrics();
        var objective = new KtoObjective(0.3, desirable: 1.5, undesirable: 0.5);
        Assert.Equal(expected, objective.Loss(model, examples, metrics).item<float>(), 1e-4);
        Assert.Equal(3, examples.Sum(objective.LossUnits));
        Assert.Equal(z, metrics.Means["kl"], 1e-4);
        Assert.Equal(0.3 * (Tiny.LogProb(model, first, [5, 6, 3]) + 7), metrics.Means["rewards/chosen"], 1e-4);
    }
}
