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
        using Tensor weight = matrix.Unpack(x.dtype);
        return nn.functional.linear(x, weight, (Tensor?)vars[2]);
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using Tensor weight = ((BlockMatrix)ctx.get_data("matrix")).Unpack(grad_output.dtype);
        return [BackwardHandles.Return(matmul(grad_output, weight), grad_output), null!, null!];
    }
}
