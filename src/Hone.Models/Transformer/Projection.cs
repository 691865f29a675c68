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
    private readonly Func<Tensor, Adaptation?>? _adapt; // null where there is no adapter

    private Projection(Tensor? weight, BlockMatrix? packed, Tensor? bias, Func<Tensor, Adaptation?>? adapt) =>
        (_weight, _packed, _bias, _adapt) = (weight, packed, bias, adapt);

    /// <summary>The projection of that name, with its bias and its adapter where the model has them.</summary>
    public static Projection Of(IReadOnlyDictionary<string, Tensor> weights, string name, LoraAdapter? adapter) => new(
        weights.GetValueOrDefault(name + ".weight"), BlockMatrix.Of(weights, name + ".weight"),
        weights.GetValueOrDefault(name + ".bias"), adapter?.Of(name));

    /// <summary>x W^T with one matrix alone.</summary>
    public static Projection Of(Tensor weight) => new(weight, packed: null, bias: null, adapt: null);

    /// <summary>[rows, in] to [rows, out]; master weights are cast to the type of <paramref name="x"/> where they differ.</summary>
    public Tensor Apply(Tensor x)
    {
        using var scope = NewDisposeScope();
        Adaptation? adaptation = _adapt?.Invoke(x);
        // libtorch has a step of its own for a plain product.
        Tensor y = adaptation is null && _packed is null && Products.TypeOf(x) == x.dtype
            ? nn.functional.linear(x, _weight!.As(x.dtype), _bias?.As(x.dtype))
            : ProjectionFunction.Apply(x, _weight, _packed, _bias, adaptation);
        return y.MoveToOuterDisposeScope();
    }
}
