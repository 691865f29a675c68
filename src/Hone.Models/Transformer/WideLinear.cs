using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>
/// x W^T (+ b) where products are computed in a wider type than that of x (<see cref="Products"/>). What is widened lives as long as
/// the product that needs it; the backward pass keeps x and the weight as they are.
/// </summary>
internal sealed class WideLinear : autograd.SingleTensorFunction<WideLinear>
{
    public override string Name => nameof(WideLinear);

    /// <summary>[rows, in] to [rows, out]</summary>
    /// <param name="weight">[out, in], in any type; its gradient is computed where it is asked for.</param>
    /// <param name="bias">[out]; null for none.</param>
    public static Tensor Apply(Tensor x, Tensor weight, Tensor? bias) => apply(x, weight, bias!, Learns(x), Learns(weight), Learns(bias));

    private static bool Learns(Tensor? tensor) => is_grad_enabled() && tensor is { requires_grad: true };

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (x, weight, bias) = ((Tensor)vars[0], (Tensor)vars[1], (Tensor?)vars[2]);
        var wanted = (OfX: (bool)vars[3], OfWeight: (bool)vars[4], OfBias: (bool)vars[5]);
        ctx.save_data(nameof(wanted), wanted);
        ctx.save_data("biasType", bias?.dtype ?? x.dtype);
        // x is kept for the gradient of the weight alone.
        ctx.save_for_backward(wanted.OfWeight ? [weight, x] : [weight]);
        using var scope = NewDisposeScope();
        ScalarType type = Products.TypeOf(x);
        return nn.functional.linear(x.As(type), weight.As(type), bias?.As(type)).As(x.dtype).MoveToOuterDisposeScope();
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        var (ofX, ofWeight, ofBias) = ((bool, bool, bool))ctx.get_data("wanted");
        List<Tensor> saved = ctx.get_saved_variables();
        using var scope = NewDisposeScope();
        Tensor gradient = grad_output.As(Products.TypeOf(grad_output)), weight = saved[0];
        Tensor?[] results =
        [
            ofX ? matmul(gradient, weight.As(gradient.dtype)).As(grad_output.dtype) : null,
            ofWeight ? matmul(gradient.t(), saved[1].As(gradient.dtype)).As(weight.dtype) : null,
            ofBias ? gradient.sum([0]).As((ScalarType)ctx.get_data("biasType")) : null,
        ];
        foreach (Tensor? result in results) result?.MoveToOuterDisposeScope();
        return [.. BackwardHandles.Return(results, grad_output).Select(r => r!), null!, null!, null!];
    }
}
