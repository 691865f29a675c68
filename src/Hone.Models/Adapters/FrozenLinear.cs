using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>
/// x W^T (+ b) with a frozen matrix in few bits, which is unpacked for the product and again for the gradient of x, and never kept
/// in full between.
/// </summary>
internal sealed class FrozenLinear : autograd.SingleTensorFunction<FrozenLinear>
{
    public override string Name => nameof(FrozenLinear);

    /// <summary>[rows, in] to [rows, out]</summary>
    /// <param name="bias">Frozen too; null for none.</param>
    public static Tensor Apply(Tensor x, BlockMatrix matrix, Tensor? bias) => apply(x, matrix, bias!);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (x, matrix) = ((Tensor)vars[0], (BlockMatrix)vars[1]);
        ctx.save_data(nameof(matrix), matrix);
        using var scope = NewDisposeScope();
        ScalarType type = Products.TypeOf(x);
        return nn.functional.linear(x.As(type), matrix.Unpack(type), ((Tensor?)vars[2])?.As(type)).As(x.dtype).MoveToOuterDisposeScope();
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using var scope = NewDisposeScope();
        ScalarType type = Products.TypeOf(grad_output);
        Tensor weight = ((BlockMatrix)ctx.get_data("matrix")).Unpack(type);
        Tensor ofX = matmul(grad_output.As(type), weight).As(grad_output.dtype).MoveToOuterDisposeScope();
        return [BackwardHandles.Return(ofX, grad_output), null!, null!];
    }
}
