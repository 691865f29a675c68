using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>
/// One matrix of a layer: x W^T (+ b), and what an adapter adds. The only place that knows how a weight is stored: in full, or
/// frozen in few bits (<see cref="BlockMatrix"/>).
/// </summary>
internal sealed class Projection
{
    private readonly Tensor? _weight, _bias;
    private readonly BlockMatrix? _frozen;
    // From the result and x to the adapted result; null where there is no adapter.
    private readonly Func<Tensor, Tensor, Tensor>? _adapt;

    private Projection(Tensor? weight, BlockMatrix? frozen, Tensor? bias, Func<Tensor, Tensor, Tensor>? adapt) =>
        (_weight, _frozen, _bias, _adapt) = (weight, frozen, bias, adapt);

    /// <summary>The projection of that name, with its bias and its adapter where the model has them.</summary>
    public static Projection Of(IReadOnlyDictionary<string, Tensor> weights, string name, LoraAdapter? adapter) => new(
        weights.GetValueOrDefault(name + ".weight"), BlockMatrix.Of(weights, name + ".weight"),
        weights.GetValueOrDefault(name + ".bias"), adapter?.Of(name));

    /// <summary>x W^T with one matrix alone.</summary>
    public static Projection Of(Tensor weight) => new(weight, frozen: null, bias: null, adapt: null);

    /// <summary>[rows, in] to [rows, out]; master weights are cast to the type of <paramref name="x"/> where they differ.</summary>
    public Tensor Apply(Tensor x)
    {
        using var scope = NewDisposeScope();
        Tensor y = _frozen is null ? Linear(x, _weight!, _bias) : FrozenLinear.Apply(x, _frozen, _bias);
        return (_adapt is null ? y : _adapt(y, x)).MoveToOuterDisposeScope();
    }

    /// <summary>x W^T (+ b) in the type of <paramref name="x"/>. [rows, in] to [rows, out]</summary>
    public static Tensor Linear(Tensor x, Tensor weight, Tensor? bias = null) => Products.TypeOf(x) != x.dtype
        ? WideLinear.Apply(x, weight, bias)
        : nn.functional.linear(x, weight.As(x.dtype), bias?.As(x.dtype));
}
