using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>
/// A function of one tensor whose inside is not kept for the backward pass but computed again there. The gradients of
/// everything else that it reads, such as weights, are added to their leaves by that second pass.
/// </summary>
internal sealed class Checkpoint : autograd.SingleTensorFunction<Checkpoint>
{
    public override string Name => nameof(Checkpoint);

    /// <param name="x">Needs a gradient, or none would be computed at all.</param>
    /// <param name="function">Must give the same whenever it is called.</param>
    public static Tensor Apply(Tensor x, Func<Tensor, Tensor> function) => apply(x, function);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (x, function) = ((Tensor)vars[0], (Func<Tensor, Tensor>)vars[1]);
        ctx.save_for_backward([x]);
        ctx.save_data(nameof(function), function);
        using var off = no_grad();
        return function(x);
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        var function = (Func<Tensor, Tensor>)ctx.get_data("function");
        using var scope = NewDisposeScope();
        using var on = enable_grad();
        Tensor x = ctx.get_saved_variables()[0].detach().requires_grad_(true);
        function(x).backward([grad_output]);
        return [BackwardHandles.Return(x.grad!.MoveToOuterDisposeScope(), grad_output), null!];
    }
}
