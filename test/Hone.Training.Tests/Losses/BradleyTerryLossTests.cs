using static TorchSharp.torch;

namespace Hone.Training.Tests;

public sealed class BradleyTerryLossTests
{
    [Fact]
    public void Equal_rewards_cost_ln_2()
    {
        Assert.Equal(Math.Log(2), BradleyTerryLoss.Negative(tensor(1.5f), tensor(1.5f)).item<float>(), 1e-6);
    }

    [Fact]
    public void Centering_costs_the_square_of_the_sum() =>
        Assert.Equal(4, BradleyTerryLoss.Centering(tensor(1.5f), tensor(0.5f)).item<float>(), 1e-6);

    /// <summary>-log s(2 - 0.5 - 1) = log(1 + e^-0.5) = 0.474077; its gradient is -s(-0.5) = -0.377541.</summary>
    [Fact]
    public void A_margin_is_taken_off_the_difference()
    {
        Tensor chosen = tensor(2f).requires_grad_(true);
        Tensor loss = BradleyTerryLoss.Negative(chosen, tensor(0.5f), tensor(1f));
        loss.backward();
        Assert.Equal(0.474077, loss.item<float>(), 1e-5);
        Assert.Equal(-0.377541, chosen.grad!.item<float>(), 1e-5);
    }

    [Fact]
    public void Gradient_is_minus_the_probability_of_the_wrong_order()
    {
        Tensor chosen = tensor(0.4f).requires_grad_(true), rejected = tensor(1.1f).requires_grad_(true);
        BradleyTerryLoss.Negative(chosen, rejected).backward();
        double expected = -1 / (1 + Math.Exp(0.4 - 1.1));
        Assert.Equal(expected, chosen.grad!.item<float>(), 1e-6);
        Assert.Equal(-expected, rejected.grad!.item<float>(), 1e-6);
    }
}
