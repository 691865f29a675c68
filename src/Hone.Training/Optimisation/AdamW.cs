using Hone.Data;
using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Training;

/// <summary>
/// AdamW (Loshchilov and Hutter, arXiv 1711.05101) on fp32 master weights, as PyTorch's: decoupled decay first, bias
/// correction on both moments. Norm weights and biases are not decayed. Its whole state is two moments per weight, in a
/// format of choice, and a step count, so a training state can hold it exactly.
/// </summary>
internal sealed class AdamW : IDisposable
{
    // Temporaries of a piece stay in the processor's cache, and none is as large as a weight.
    private const long Piece = 1 << 20;

    private readonly IReadOnlyDictionary<string, Tensor> _weights;
    private readonly Dictionary<string, (Moment Mean, Moment Square)> _moments = [];
    private readonly TrainingOptions _options;

    /// <param name="options">Betas, epsilon, decay, the moments' format, and the seed of what is rounded stochastically.</param>
    public AdamW(IReadOnlyDictionary<string, Tensor> weights, TrainingOptions options)
    {
        (_weights, _options) = (weights, options);
        foreach ((string name, Tensor weight) in weights)
            _moments[name] = NewMoments(weight, options.OptimizerState);
    }

    /// <summary>Updates made so far.</summary>
    public int StepCount { get; set; }

    /// <summary>
    /// First and second moments by name: <c>exp_avg/NAME</c> and <c>exp_avg_sq/NAME</c>, and their scales where they have
    /// some.
    /// </summary>
    public IEnumerable<(string Name, Tensor Tensor)> State => _moments.SelectMany(m => StateOf(m.Key, m.Value));

    /// <summary>The two moments of a weight.</summary>
    internal (Moment Mean, Moment Square) MomentsOf(string weight) => _moments[weight];

    /// <summary>Moments of a weight that this optimiser does not hold, to carry a state through.</summary>
    internal static (Moment Mean, Moment Square) NewMoments(Tensor weight, OptimizerState format) =>
        (Moment.Zeros(weight, format, signed: true), Moment.Zeros(weight, format, signed: false));

    /// <summary>What is saved of two moments, by name.</summary>
    internal static IEnumerable<(string Name, Tensor Tensor)> StateOf(string weight, (Moment Mean, Moment Square) moments) =>
        moments.Mean.State("exp_avg", weight).Concat(moments.Square.State("exp_avg_sq", weight));

    /// <summary>One update from the weights' gradients, which are then cleared.</summary>
    public void Step(double learningRate)
    {
        using var off = no_grad();
        StepCount++;
        foreach ((string name, Tensor weight) in _weights)
        {
            if (weight.grad is not { } gradient) continue;
            using var scope = NewDisposeScope();
            using Generator? noise = _options.OptimizerState == OptimizerState.Bf16
                ? new Generator(Seeds.Derive(_options.Seed, $"adamw/{StepCount}/{name}"), weight.device)
                : null;
            Update(name, weight.view(-1), gradient.reshape(-1), learningRate, noise);
            gradient.zero_();
        }
    }

    public void Dispose()
    {
        foreach ((Moment mean, Moment square) in _moments.Values)
        {
            mean.Dispose();
            square.Dispose();
        }
    }

    private void Update(string name, Tensor weight, Tensor gradient, double learningRate, Generator? noise)
    {
        double correction1 = 1 - Math.Pow(_options.AdamBeta1, StepCount);
        double correction2 = Math.Sqrt(1 - Math.Pow(_options.AdamBeta2, StepCount));
        double kept = _options.WeightDecay != 0 && Decays(name) ? 1 - (learningRate * _options.WeightDecay) : 1;
        (Moment means, Moment squares) = _moments[name];
        for (long at = 0; at < weight.shape[0]; at += Piece)
        {
            using var scope = NewDisposeScope();
            long count = Math.Min(Piece, weight.shape[0] - at);
            Tensor w = weight.narrow(0, at, count), g = gradient.narrow(0, at, count);
            if (kept != 1) w.ScaleInPlace(kept);
            Tensor mean = means.Read(at, count).ScaleInPlace(_options.AdamBeta1).AddInPlace(g, 1 - _options.AdamBeta1);
            Tensor square = squares.Read(at, count).ScaleInPlace(_options.AdamBeta2).AddProductInPlace(g, g, 1 - _options.AdamBeta2);
            Tensor denominator = square.sqrt().ScaleInPlace(1 / correction2).AddInPlace(_options.AdamEpsilon);
            w.AddQuotientInPlace(mean, denominator, -learningRate / correction1);
            means.Write(at, mean, noise);
            squares.Write(at, square, noise);
        }
    }

    private static bool Decays(string name) =>
        !name.EndsWith("norm.weight", StringComparison.Ordinal) && !name.EndsWith(".bias", StringComparison.Ordinal);
}
