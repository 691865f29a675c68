using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Training;

/// <summary>
/// AdamW (Loshchilov and Hutter, arXiv 1711.05101) on fp32 master weights, as PyTorch's: decoupled decay first, bias
/// correction on both moments. Norm weights and biases are not decayed. Its whole state is two tensors per weight and a
/// step count, so a training state can hold it exactly.
/// </summary>
public sealed class AdamW : IDisposable
{
    private readonly IReadOnlyDictionary<string, Tensor> _weights;
    private readonly Dictionary<string, Tensor> _mean = [];
    private readonly Dictionary<string, Tensor> _square = [];
    private readonly double _beta1;
    private readonly double _beta2;
    private readonly double _epsilon;
    private readonly double _decay;

    public AdamW(IReadOnlyDictionary<string, Tensor> weights, double beta1, double beta2, double epsilon, double weightDecay)
    {
        (_weights, _beta1, _beta2, _epsilon, _decay) = (weights, beta1, beta2, epsilon, weightDecay);
        foreach ((string name, Tensor weight) in weights)
        {
            _mean[name] = zeros_like(weight).DetachFromDisposeScope();
            _square[name] = zeros_like(weight).DetachFromDisposeScope();
        }
    }

    /// <summary>Updates made so far.</summary>
    public int StepCount { get; set; }

    /// <summary>First and second moments by name: <c>exp_avg/NAME</c> and <c>exp_avg_sq/NAME</c>.</summary>
    public IEnumerable<(string Name, Tensor Tensor)> State =>
        _mean.Select(m => ("exp_avg/" + m.Key, m.Value)).Concat(_square.Select(s => ("exp_avg_sq/" + s.Key, s.Value)));

    /// <summary>One update from the weights' gradients, which are then cleared.</summary>
    public void Step(double learningRate)
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        StepCount++;
        double correction1 = 1 - Math.Pow(_beta1, StepCount);
        double correction2 = Math.Sqrt(1 - Math.Pow(_beta2, StepCount));
        foreach ((string name, Tensor weight) in _weights)
        {
            if (weight.grad is not { } gradient) continue;
            if (_decay != 0 && Decays(name)) weight.ScaleInPlace(1 - (learningRate * _decay));
            Tensor mean = _mean[name], square = _square[name];
            mean.ScaleInPlace(_beta1).AddInPlace(gradient, 1 - _beta1);
            square.ScaleInPlace(_beta2).AddProductInPlace(gradient, gradient, 1 - _beta2);
            Tensor denominator = square.sqrt().ScaleInPlace(1 / correction2).AddInPlace(_epsilon);
            weight.AddQuotientInPlace(mean, denominator, -learningRate / correction1);
            gradient.zero_();
        }
    }

    public void Dispose()
    {
        foreach (Tensor t in _mean.Values.Concat(_square.Values)) t.Dispose();
    }

    private static bool Decays(string name) =>
        !name.EndsWith("norm.weight", StringComparison.Ordinal) && !name.EndsWith(".bias", StringComparison.Ordinal);
}
