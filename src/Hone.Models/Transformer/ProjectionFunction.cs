using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>
/// x W^T (+ b) + scale B A k of all projections of one x, with their adapters, as one step of the backward pass. What is unpacked, or
/// widened for products (<see cref="Products"/>), lives as long as the products that need it; what is kept for the backward pass stays as
/// it was; and all that goes into the gradient of x is added up by the products themselves.
/// </summary>
internal sealed class ProjectionFunction : autograd.MultiTensorFunction<ProjectionFunction>
{
    // Inputs of a projection that may have gradients: weight, bias, what its adapter reads after dropout, A and B.
    private const int InputsOfOne = 5;

    public override string Name => nameof(ProjectionFunction);

    /// <summary>[rows, in] to [rows, out] each</summary>
    public static List<Tensor> Apply(Tensor x, IReadOnlyList<ProjectionCall> projections)
    {
        if (!is_grad_enabled())
        {
            using var scope = NewDisposeScope();
            Tensor wide = x.As(Products.TypeOf(x));
            return [.. projections.Select(p => p.Product(wide, x.dtype).Y.MoveToOuterDisposeScope())];
        }
        bool[] learns = [.. new[] { x }.Concat(projections.SelectMany(p => p.Inputs)).Select(t => t is { requires_grad: true })];
        return apply([x, .. projections.SelectMany(p => p.Inputs)!, projections, learns]);
    }

    public override List<Tensor> forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (x, projections, learns) = ((Tensor)vars[0], (IReadOnlyList<ProjectionCall>)vars[^2], (bool[])vars[^1]);
        ctx.save_data(nameof(projections), projections);
        ctx.save_data(nameof(learns), learns);
        List<Tensor> results = [], kept = [];
        using (NewDisposeScope())
        {
            Tensor wide = x.As(Products.TypeOf(x));
            foreach (ProjectionCall p in projections)
            {
                (Tensor y, Tensor? low) = p.Product(wide, x.dtype);
                results.Add(y.MoveToOuterDisposeScope());
                if (p.Pair is not null) kept.Add(low!.MoveToOuterDisposeScope());
            }
        }
        // The lows, then what A reads after dropout, then x, which none but the gradients of weights and of A need.
        kept.AddRange(projections.Select(p => p.Own).OfType<Tensor>());
        bool reads = projections.Index().Any(p => learns[Of(p.Index)] || (learns[Of(p.Index) + 3] && p.Item.Own is null));
        if (reads) kept.Add(x);
        ctx.save_for_backward(kept);
        return results;
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, List<Tensor> grad_outputs)
    {
        var projections = (IReadOnlyList<ProjectionCall>)ctx.get_data("projections");
        var learns = (bool[])ctx.get_data("learns");
        List<Tensor> kept = ctx.get_saved_variables();
        using var scope = NewDisposeScope();
        ScalarType given = grad_outputs[0].dtype, type = Products.TypeOf(grad_outputs[0]);
        int lows = projections.Count(p => p.Pair is not null), owns = lows + projections.Count(p => p.Own is not null);
        Tensor? x = owns < kept.Count ? kept[owns].As(type) : null, ofX = null;
        Tensor?[] results = new Tensor?[learns.Length];
        (int low, int own) = (0, lows);
        for (int i = 0; i < projections.Count; i++)
        {
            using var one = NewDisposeScope();
            ProjectionCall p = projections[i];
            Tensor gradient = grad_outputs[i].As(type);
            Tensor? read = p.Own is null ? x : kept[own++].As(type);
            if (learns[0]) ofX = AddProduct(ofX, gradient, p.Matrix(type));
            if (learns[Of(i)]) results[Of(i)] = matmul(gradient.t(), x!).As(p.Weight!.dtype);
            if (learns[Of(i) + 1]) results[Of(i) + 1] = gradient.sum([0]).As(p.Bias!.dtype);
            for (LoraPair? pair = p.Pair; pair is not null; pair = pair.Under)
            {
                bool trained = ReferenceEquals(pair, p.Pair);
                Tensor turned = matmul(gradient, pair.Up.As(type)).ScaleInPlace(pair.Scale), down = pair.Down.As(type);
                if (trained && p.Own is not null) results[Of(i) + 2] = learns[Of(i) + 2] ? matmul(turned, down).As(given) : null;
                else if (learns[0]) ofX = AddProduct(ofX, turned, down);
                if (!trained || !learns[Of(i) + 3]) continue;
                results[Of(i) + 3] = matmul(turned.t(), read!).As(pair.Down.dtype);
                results[Of(i) + 4] = matmul(gradient.t(), kept[low]).As(pair.Up.dtype);
            }
            if (p.Pair is not null) low++;
            for (int r = Of(i); r < Of(i + 1); r++) results[r]?.MoveToOuterDisposeScope();
            if (i == 0) ofX?.MoveToOuterDisposeScope();
        }
        results[0] = ofX?.As(given);
        foreach (Tensor? result in results) result?.MoveToOuterDisposeScope();
        foreach (Tensor tensor in kept) tensor.Dispose();
        return [.. BackwardHandles.Return(results, [.. grad_outputs]).Select(r => r!), null!, null!];
    }

    private static int Of(int projection) => 1 + (InputsOfOne * projection);

    private static Tensor AddProduct(Tensor? sum, Tensor a, Tensor b)
    {
        if (sum is null) return matmul(a, b);
        sum.addmm_(a, b, 1, 1);
        return sum;
    }
}

/// <summary>A projection of one pass.</summary>
/// <param name="Weight">[out, in] in any type; null where the matrix is packed.</param>
/// <param name="Packed">The matrix in few bits, which is not trained.</param>
/// <param name="Bias">[out]; null for none.</param>
/// <param name="Pair">What an adapter adds; null for nothing.</param>
/// <param name="Own">What the adapter reads in place of x: x after dropout. Null for x itself.</param>
internal sealed record ProjectionCall(Tensor? Weight, BlockMatrix? Packed, Tensor? Bias, LoraPair? Pair = null, Tensor? Own = null)
{
    public Tensor?[] Inputs => [Weight, Bias, Own, Pair?.Down, Pair?.Up];

    /// <summary>The matrix in the type of products. [out, in]</summary>
    public Tensor Matrix(ScalarType type) => Packed?.Unpack(type) ?? Weight!.As(type);

    /// <summary>The result in its type, and scale A k, which the gradient of B needs. [rows, out] and [rows, rank]</summary>
    /// <param name="wide">x in the type of products.</param>
    public (Tensor Y, Tensor? Low) Product(Tensor wide, ScalarType result)
    {
        using var scope = NewDisposeScope();
        Tensor y = nn.functional.linear(wide, Matrix(wide.dtype), Bias?.As(wide.dtype));
        Tensor? low = null;
        for (LoraPair? pair = Pair; pair is not null; pair = pair.Under)
        {
            // Dropout is of the pair that is trained alone.
            Tensor read = low is null && Own is not null ? Own.As(wide.dtype) : wide;
            Tensor part = nn.functional.linear(read, pair.Down.As(wide.dtype)).ScaleInPlace(pair.Scale);
            y.addmm_(part, pair.Up.As(wide.dtype).t(), 1, 1);
            low ??= part;
        }
        return (y.As(result).MoveToOuterDisposeScope(), low?.MoveToOuterDisposeScope());
    }
}
