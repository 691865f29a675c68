using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>
/// One matrix of a layer: x W^T (+ b), and what an adapter adds. The only place that knows how a weight is stored; whatever
/// else a weight may become changes here and nowhere else.
/// </summary>
/// <param name="adapt">From the result and x to the adapted result; null where there is no adapter.</param>
internal sealed class Projection(Tensor weight, Tensor? bias, Func<Tensor, Tensor, Tensor>? adapt = null)
{
    /// <summary>The projection of that name, with its bias and its adapter where the model has them.</summary>
    public static Projection Of(IReadOnlyDictionary<string, Tensor> weights, string name, LoraAdapter? adapter) =>
        new(weights[name + ".weight"], weights.GetValueOrDefault(name + ".bias"), adapter?.Of(name));

    /// <summary>[rows, in] to [rows, out]; master weights are cast to the type of <paramref name="x"/> where they differ.</summary>
    public Tensor Apply(Tensor x)
    {
        Tensor w = weight.dtype == x.dtype ? weight : weight.to(x.dtype);
        Tensor? b = bias is null || bias.dtype == x.dtype ? bias : bias.to(x.dtype);
        Tensor y = nn.functional.linear(x, w, b);
        return adapt is null ? y : adapt(y, x);
    }
}
