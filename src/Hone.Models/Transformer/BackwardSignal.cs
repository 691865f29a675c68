using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>
/// Changes nothing, and tells when the backward pass has come through: all that lies after it has its gradient then. TorchSharp has no
/// hooks on tensors.
/// </summary>
internal sealed class BackwardSignal : autograd.SingleTensorFunction<BackwardSignal>
{
    public override string Name => nameof(BackwardSignal);

    public static Tensor Apply(Tensor x, Action signal) => apply(x, signal);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        ctx.save_data("signal", vars[1]);
        return ((Tensor)vars[0]).alias();
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        ((Action)ctx.get_data("signal"))();
        return [BackwardHandles.Return(grad_output.alias(), grad_output), null!];
    }
}
