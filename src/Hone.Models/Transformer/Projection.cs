using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>
/// One matrix of a layer: x W^T (+ b). The only place that knows how a weight is stored; whatever else a weight may become
/// (quantised, with an adapter) changes here and nowhere else.
/// </summary>
internal sealed class Projection(Tensor weight, Tensor? bias)
{
    /// <summary>The projection of that name, with its bias where the model has one.</summary>
    public static Projection Of(IReadOnlyDictionary<string, Tensor> weights, string name) =>
        new(weights[name + ".weight"], weights.GetValueOrDefault(name + ".bias"));

    /// <summary>[rows, in] to [rows, out]; master weights are cast to the type of <paramref name="x"/> where they differ.</summary>
    public Tensor Apply(Tensor x)
    {
        Tensor w = weight.dtype == x.dtype ? weight : weight.to(x.dtype);
        Tensor? b = bias is null || bias.dtype == x.dtype ? bias : bias.to(x.dtype);
        return nn.functional.linear(x, w, b);
    }
}
