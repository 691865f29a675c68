using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>
/// One matrix of a layer: x W^T (+ b), and what an adapter adds. The only place that knows how a weight is stored: in full, or
/// frozen in few bits (<see cref="BlockMatrix"/>).
/// </summary>
internal sealed class Projection
{
    private readonly Tensor? _weight, _bias;
    private readonly BlockMatrix? _packed;
    private readonly Func<Tensor, (LoraPair, Tensor?)?>? _adapt; // null where there is no adapter

    private Projection(Tensor? weight, BlockMatrix? packed, Tensor? bias, Func<Tensor, (LoraPair, Tensor?)?>? adapt) =>
        (_weight, _packed, _bias, _adapt) = (weight, packed, bias, adapt);

    /// <summary>The projection of that name, with its bias and its adapter where the model has them.</summary>
    public static Projection Of(IReadOnlyDictionary<string, Tensor> weights, string name, LoraAdapter? adapter) => new(
        weights.GetValueOrDefault(name + ".weight"), BlockMatrix.Of(weights, name + ".weight"),
        weights.GetValueOrDefault(name + ".bias"), adapter?.Of(name));

    /// <summary>x W^T with one matrix alone.</summary>
    public static Projection Of(Tensor weight) => new(weight, packed: null, bias: null, adapt: null);

    /// <summary>[rows, in] to [rows, out]; master weights are cast to the type of <paramref name="x"/> where they differ.</summary>
    public Tensor Apply(Tensor x) => Apply([this], x)[0];

    /// <summary>Several projections of one x. [rows, in] to [rows, out] each</summary>
    public static Tensor[] Apply(Projection[] projections, Tensor x)
    {
        using var scope = NewDisposeScope();
        // libtorch has a step of its own for a plain product.
        IEnumerable<Tensor> results = Products.TypeOf(x) == x.dtype && projections.All(p => p._packed is null && p._adapt is null)
            ? projections.Select(p => nn.functional.linear(x, p._weight!.As(x.dtype), p._bias?.As(x.dtype)))
            : ProjectionFunction.Apply(x, [.. projections.Select(p => p.Call(x))]);
        return [.. results.Select(y => y.MoveToOuterDisposeScope())];
    }

    private ProjectionCall Call(Tensor x)
    {
        (LoraPair Pair, Tensor? Own)? adaptation = _adapt?.Invoke(x);
        return new ProjectionCall(_weight, _packed, _bias, adaptation?.Pair, adaptation?.Own);
    }
}
