using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>
/// x W^T (+ b) + scale B A k: a projection and its adapter as one step of the backward pass. What is unpacked, or widened for products
/// (<see cref="Products"/>), lives as long as the product that needs it, and what is kept for the backward pass stays as it was.
/// </summary>
internal sealed class ProjectionFunction : autograd.SingleTensorFunction<ProjectionFunction>
{
    public override string Name => nameof(ProjectionFunction);

    /// <summary>[rows, in] to [rows, out]</summary>
    /// <param name="weight">[out, in] in any type; null where the matrix is packed.</param>
    /// <param name="packed">The matrix in few bits, which is not trained.</param>
    /// <param name="bias">[out]; null for none.</param>
    /// <param name="adaptation">What an adapter adds; null for nothing.</param>
    public static Tensor Apply(Tensor x, Tensor? weight, BlockMatrix? packed, Tensor? bias, Adaptation? adaptation)
    {
        // The input is named once where the adapter reads it as it is: its gradient is then one product added to the other.
        Tensor? own = adaptation is { } a && !ReferenceEquals(a.Input, x) ? a.Input : null;
        LoraPair? pair = adaptation?.Pair;
        var call = new Call(weight, packed, bias, pair, Learns(x), Learns(weight), Learns(bias), own is not null, Learns(pair?.Down));
        if (!is_grad_enabled()) return call.Product(x, own).Y;
        return apply(x, weight!, bias!, own!, pair?.Down!, pair?.Up!, call);
    }

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (x, own, call) = ((Tensor)vars[0], (Tensor?)vars[3], (Call)vars[6]);
        (Tensor y, Tensor? low) = call.Product(x, own);
        ctx.save_data(nameof(call), call);
        List<Tensor> kept = [];
        if (call.OfWeight) kept.Add(x);
        if (call.OfPair) kept.AddRange([own ?? x, low!]);
        ctx.save_for_backward(kept);
        return y;
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        var call = (Call)ctx.get_data("call");
        List<Tensor> kept = ctx.get_saved_variables();
        using var scope = NewDisposeScope();
        Tensor?[] results = call.Gradients(grad_output, kept);
        foreach (Tensor? result in results) result?.MoveToOuterDisposeScope();
        foreach (Tensor tensor in kept) tensor.Dispose();
        return [.. BackwardHandles.Return(results, grad_output).Select(r => r!), null!];
    }

    private static bool Learns(Tensor? tensor) => is_grad_enabled() && tensor is { requires_grad: true };

    /// <summary>What is computed with, and whose gradients are asked for.</summary>
    private sealed record Call(Tensor? Weight, BlockMatrix? Packed, Tensor? Bias, LoraPair? Pair,
        bool OfX, bool OfWeight, bool OfBias, bool HasOwn, bool OfPair)
    {
        /// <summary>The result, and scale A k, which the gradient of B needs. [rows, out] and [rows, rank]</summary>
        public (Tensor Y, Tensor? Low) Product(Tensor x, Tensor? own)
        {
            using var scope = NewDisposeScope();
            ScalarType type = Products.TypeOf(x);
            Tensor wide = x.As(type), y = nn.functional.linear(wide, Matrix(type), Bias?.As(type));
            Tensor? low = null;
            for (LoraPair? pair = Pair; pair is not null; pair = pair.Under)
            {
                // Dropout is of the pair that is trained alone.
                Tensor read = ReferenceEquals(pair, Pair) && own is not null ? own.As(type) : wide;
                Tensor part = nn.functional.linear(read, pair.Down.As(type)).ScaleInPlace(pair.Scale);
                y.addmm_(part, pair.Up.As(type).t(), 1, 1);
                low ??= part;
            }
            return (y.As(x.dtype).MoveToOuterDisposeScope(), OfPair ? low!.MoveToOuterDisposeScope() : null);
        }

        /// <summary>Of x, the weight, the bias, the adapter's own input, A and B; null where none is asked for.</summary>
        public Tensor?[] Gradients(Tensor incoming, List<Tensor> kept)
        {
            ScalarType given = incoming.dtype, type = Products.TypeOf(incoming);
            Tensor gradient = incoming.As(type);
            Tensor? ofX = OfX ? matmul(gradient, Matrix(type)) : null, ofOwn = null, ofDown = null, ofUp = null;
            for (LoraPair? pair = Pair; pair is not null; pair = pair.Under)
            {
                bool trained = ReferenceEquals(pair, Pair);
                Tensor low = matmul(gradient, pair.Up.As(type)).ScaleInPlace(pair.Scale), down = pair.Down.As(type);
                if (!trained || !HasOwn) ofX?.addmm_(low, down, 1, 1);
                else if (OfX) ofOwn = matmul(low, down);
                if (!trained || !OfPair) continue;
                ofDown = matmul(low.t(), kept[^2].As(type)).As(pair.Down.dtype);
                ofUp = matmul(gradient.t(), kept[^1]).As(pair.Up.dtype);
            }
            return
            [
                ofX?.As(given),
                OfWeight ? matmul(gradient.t(), kept[0].As(type)).As(Weight!.dtype) : null,
                OfBias ? gradient.sum([0]).As(Bias!.dtype) : null,
                ofOwn?.As(given), ofDown, ofUp,
            ];
        }

        private Tensor Matrix(ScalarType type) => Packed?.Unpack(type) ?? Weight!.As(type);
    }
}

/// <summary>What an adapter does to a projection: its matrices, and what they read, which is x or x after dropout.</summary>
internal readonly record struct Adaptation(LoraPair Pair, Tensor Input);
