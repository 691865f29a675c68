using Hone.Data;
using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Training;

/// <summary>One running mean of an optimiser for one weight, in a number format; read and written in pieces of fp32.</summary>
internal abstract class Moment : IDisposable
{
    /// <param name="signed">Whether values may be negative.</param>
    public static Moment Zeros(Tensor weight, OptimizerState format, bool signed) => format switch
    {
        OptimizerState.Int8 => new BlockMoment(weight.numel(), signed, weight.device),
        OptimizerState.Bf16 => new PlainMoment(weight, ScalarType.BFloat16),
        _ => new PlainMoment(weight, ScalarType.Float32),
    };

    /// <summary>What is saved, by name.</summary>
    public abstract IEnumerable<(string Name, Tensor Tensor)> State(string moment, string weight);

    /// <summary>Values [count], fp32, which the caller may overwrite.</summary>
    public abstract Tensor Read(long at, long count);

    /// <summary>Keeps what <see cref="Read"/> gave, updated.</summary>
    /// <param name="noise">What stochastic rounding draws from, where the format does that.</param>
    public abstract void Write(long at, Tensor values, Generator? noise);

    public abstract void Dispose();
}

/// <summary>In fp32, updated in place; or in bf16, rounded stochastically, so that small updates are not lost on average.</summary>
internal sealed class PlainMoment(Tensor weight, ScalarType type) : Moment
{
    private readonly Tensor _values = zeros_like(weight, dtype: type).DetachFromDisposeScope();

    public override IEnumerable<(string Name, Tensor Tensor)> State(string moment, string weight) => [($"{moment}/{weight}", _values)];

    public override Tensor Read(long at, long count) => Piece(at, count).to(ScalarType.Float32);

    public override void Write(long at, Tensor values, Generator? noise)
    {
        if (type == ScalarType.Float32) return;
        // A bf16 number has 8 significant bits: of the units in the last place, the part of one that is left over is the chance
        // to be rounded up.
        Tensor size = values.abs(), unit = size.log2().floor().AtLeast(-100).AddInPlace(-7).exp2();
        Tensor units = (size / unit).Plus(rand(values.shape, device: values.device, generator: noise)).floor_();
        Piece(at, values.shape[0]).copy_(units * unit * values.sign());
    }

    public override void Dispose() => _values.Dispose();

    private Tensor Piece(long at, long count) => _values.view(-1).narrow(0, at, count);
}
