using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>RMSNorm (arXiv 1910.07467) over the last dimension: statistics in fp32, the result in the type of its input.</summary>
internal sealed class RmsNorm(Tensor weight, TransformerConfig config)
{
    /// <summary>The norm of that name; null where the model has none.</summary>
    public static RmsNorm? Of(IReadOnlyDictionary<string, Tensor> weights, string name, TransformerConfig config) =>
        weights.GetValueOrDefault(name + ".weight") is { } weight ? new RmsNorm(weight, config) : null;

    /// <summary>[..., dim] to [..., dim]</summary>
    public Tensor Apply(Tensor x)
    {
        using var scope = NewDisposeScope();
        Tensor y = is_grad_enabled() && (x.requires_grad || weight.requires_grad) ? Function.apply(x, weight, this) : Compute(x).Y;
        return y.MoveToOuterDisposeScope();
    }

    /// <summary>The result, and the reciprocal root of each row's mean square. [..., dim] and [..., 1], fp32</summary>
    private (Tensor Y, Tensor Reciprocal) Compute(Tensor x)
    {
        using var scope = NewDisposeScope();
        Tensor wide = x.As(ScalarType.Float32);
        Tensor reciprocal = (wide * wide).mean([-1], keepdim: true).AddInPlace(config.NormEpsilon).rsqrt_();
        Tensor normed = wide * reciprocal;
        Tensor result = config.NormWeight == NormWeight.AfterCast
            ? normed.As(x.dtype) * weight.As(x.dtype)
            : normed.mul_(Factor()).As(x.dtype);
        return (result.MoveToOuterDisposeScope(), reciprocal.MoveToOuterDisposeScope());
    }

    /// <summary>What each normalised value is multiplied by. [dim], fp32</summary>
    private Tensor Factor()
    {
        Tensor wide = weight.As(ScalarType.Float32);
        return config.NormWeight == NormWeight.OnePlusBeforeCast ? wide.Plus(1) : wide;
    }

    /// <summary>
    /// Keeps its input, as it is, and a number for each row. With n = r x and g the gradient of n, that of x is r (g - n mean(g n)).
    /// </summary>
    private sealed class Function : autograd.SingleTensorFunction<Function>
    {
        public override string Name => nameof(RmsNorm);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var (x, weight, norm) = ((Tensor)vars[0], (Tensor)vars[1], (RmsNorm)vars[2]);
            (Tensor y, Tensor reciprocal) = norm.Compute(x);
            ctx.save_data(nameof(norm), norm);
            ctx.save_data("wanted", (x.requires_grad, weight.requires_grad));
            ctx.save_for_backward([x, reciprocal, weight]);
            return y;
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
        {
            var norm = (RmsNorm)ctx.get_data("norm");
            var (ofX, ofWeight) = ((bool, bool))ctx.get_data("wanted");
            List<Tensor> kept = ctx.get_saved_variables();
            using var scope = NewDisposeScope();
            Tensor x = kept[0], wide = Rows(x), reciprocal = kept[1].view(-1, 1), gradient = Rows(grad_output);
            Tensor products = gradient * wide, factor = norm.Factor();
            Tensor?[] results = [null, null];
            if (ofX)
            {
                // Of each row: -r^3 mean(g x)
                Tensor turn = matmul(products, factor.unsqueeze(1)).mul_(reciprocal * reciprocal * reciprocal);
                turn.ScaleInPlace(-1.0 / wide.shape[1]);
                results[0] = (gradient * factor).mul_(reciprocal).AddProductInPlace(wide, turn, 1).view(x.shape).As(x.dtype);
            }
            if (ofWeight) results[1] = matmul(products.t(), reciprocal).squeeze(1).As(kept[2].dtype);
            foreach (Tensor? result in results) result?.MoveToOuterDisposeScope();
            foreach (Tensor tensor in kept) tensor.Dispose();
            return [.. BackwardHandles.Return(results, grad_output).Select(r => r!), null!];
        }

        private static Tensor Rows(Tensor x) => x.reshape(-1, x.shape[^1]).As(ScalarType.Float32);
    }
}
