using System.Text.Json;
using static TorchSharp.torch;

namespace Hone.Training.Tests;

public sealed class DpoLossTests
{
    [Fact]
    public void Loss_is_ln_2_where_policy_and_reference_agree_at_any_label_smoothing()
    {
        foreach (double smoothing in new[] { 0, 0.1, 0.4 })
            Assert.Equal(Math.Log(2), DpoLoss.Sigmoid(T(-3), T(-7), T(-3), T(-7), 0.1, smoothing).item<float>(), 1e-6);
    }

    [Fact]
    public void Losses_equal_torchtunes_published_vectors()
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(SharedData.Require("vectors/dpo_loss_vectors.json")));
        JsonElement v = json.RootElement[0];
        Tensor loss = DpoLoss.Sigmoid(
            Read("policy_chosen"), Read("policy_rejected"), Read("ref_chosen"), Read("ref_rejected"), v.GetProperty("beta").GetDouble());
        Tensor expected = Read("expected");
        for (int i = 0; i < 3; i++) Assert.Equal(expected[i].item<float>(), loss[i].item<float>(), 1e-6);

        Tensor Read(string name) => T([.. v.GetProperty(name).EnumerateArray().Select(x => x.GetSingle())]);
    }

    [Fact]
    public void Gradient_equals_the_hand_derived_one()
    {
        // d/d chosen of -(1-e) log s(h) - e log s(-h), h = beta (c - r - (rc - rr)), is -beta ((1-e) s(-h) - e s(h)).
        const double beta = 0.3, smoothing = 0.1;
        Tensor chosen = T(-4f, -1f).requires_grad_(true), rejected = T(-3f, -6f).requires_grad_(true);
        DpoLoss.Sigmoid(chosen, rejected, T(-5f, -2f), T(-2f, -5f), beta, smoothing).sum().backward();
        double[] h = [beta * (-4 + 3 - (-5 + 2)), beta * (-1 + 6 - (-2 + 5))];
        for (int i = 0; i < 2; i++)
        {
            double expected = -beta * (((1 - smoothing) * Sigmoid(-h[i])) - (smoothing * Sigmoid(h[i])));
            Assert.Equal(expected, chosen.grad![i].item<float>(), 1e-6);
            Assert.Equal(-expected, rejected.grad![i].item<float>(), 1e-6);
        }
    }

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    private static Tensor T(params float[] values) => tensor(values);
}
