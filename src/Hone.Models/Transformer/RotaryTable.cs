using System.Numerics;
using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>
/// Where the tokens of a pass stand. <paramref name="Positions"/> [time] int64 count along each token's path.
/// <paramref name="PathLengths"/> [time] is the length of the longest sequence that a token is part of: frequencies may
/// depend on it. Sequences are up to <paramref name="Longest"/> tokens long.
/// </summary>
internal sealed record PassPositions(Tensor Positions, int[] PathLengths, int Longest);

/// <summary>cos and sin for each token of a pass, both [time, 1, rotary dimensions], in the type of computing.</summary>
internal sealed record Rotation(Tensor Cos, Tensor Sin)
{
    /// <summary>Rotates the pairs (i, i + half) of the first dimensions of x [time, heads, head_dim]; the others pass.</summary>
    public Tensor Apply(Tensor x) => is_grad_enabled() && x.requires_grad ? Function.apply(x, this) : Turn(x, Sin);

    private Tensor Turn(Tensor x, Tensor sin)
    {
        using var scope = NewDisposeScope();
        long turning = Cos.shape[^1], half = turning / 2, passing = x.shape[^1] - turning;
        Tensor part = passing == 0 ? x : x.narrow(-1, 0, turning);
        Tensor turned = cat([part.narrow(-1, half, half).neg(), part.narrow(-1, 0, half)], -1);
        Tensor rotated = (part * Cos).AddInPlace(turned.mul_(sin));
        return (passing == 0 ? rotated : cat([rotated, x.narrow(-1, turning, passing)], -1)).MoveToOuterDisposeScope();
    }

    /// <summary>The gradient is turned back.</summary>
    private sealed class Function : autograd.SingleTensorFunction<Function>
    {
        public override string Name => nameof(Rotation);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var rotation = (Rotation)vars[1];
            ctx.save_data(nameof(rotation), rotation);
            return rotation.Turn((Tensor)vars[0], rotation.Sin);
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
        {
            var rotation = (Rotation)ctx.get_data("rotation");
            using Tensor back = rotation.Sin.neg();
            return [BackwardHandles.Return(rotation.Turn(grad_output, back), grad_output), null!];
        }
    }
}

/// <summary>
/// Rows of cos and sin of one <see cref="Rope"/> on one device, computed once and grown when a longer sequence comes.
/// Several threads may ask at once.
/// </summary>
internal sealed class RotaryTable(Rope rope, TransformerConfig config, ScalarType computeType, Device device) : IDisposable
{
    private const int Least = 64;

    private readonly int _headDim = config.HeadDim;
    private readonly int _maxPositions = config.MaxPositions;
    private readonly Lock _gate = new();
    private readonly Dictionary<int, Table> _tables = [];
    // Another thread may still read a table that has been replaced; sizes double, so these are no larger than the last.
    private readonly List<Table> _replaced = [];

    private sealed record Table(Tensor Cos, Tensor Sin, int Length);

    /// <summary>The rotation of each token of a pass.</summary>
    public Rotation Rows(PassPositions pass)
    {
        if (!rope.DependsOnLength) return Pick(Of(0, pass.Longest), pass.Positions);
        int[] regimes = [.. pass.PathLengths.Select(length => rope.Regime(length, _maxPositions))];
        int[] distinct = [.. regimes.Distinct()];
        if (distinct is [int only]) return Pick(Of(only, pass.Longest), pass.Positions);
        Table[] tables = [.. distinct.Select(regime => Of(regime, pass.Longest))];
        long[] start = new long[distinct.Length];
        for (int i = 1; i < start.Length; i++) start[i] = start[i - 1] + tables[i - 1].Length;
        Tensor shift = tensor(regimes.Select(r => start[Array.IndexOf(distinct, r)]).ToArray(), device: device);
        var all = new Table(cat([.. tables.Select(t => t.Cos)], 0), cat([.. tables.Select(t => t.Sin)], 0), 0);
        return Pick(all, pass.Positions.Plus(shift));
    }

    public void Dispose()
    {
        foreach (Table table in _tables.Values.Concat(_replaced))
        {
            table.Cos.Dispose();
            table.Sin.Dispose();
        }
    }

    private Rotation Pick(Table table, Tensor positions)
    {
        Tensor cos = table.Cos.index_select(0, positions).unsqueeze(1), sin = table.Sin.index_select(0, positions).unsqueeze(1);
        return computeType == ScalarType.Float32 ? new Rotation(cos, sin) : new Rotation(cos.to(computeType), sin.to(computeType));
    }

    private Table Of(int regime, int longest)
    {
        // A regime above 1 is a length of its own (dynamic scaling): kept, such tables would only pile up.
        if (regime > 1) return Compute(regime, longest);
        lock (_gate)
        {
            if (_tables.TryGetValue(regime, out Table? table) && longest <= table.Length) return table;
            if (table is not null) _replaced.Add(table);
            Table larger = Compute(regime, (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(longest, Least)));
            larger.Cos.DetachFromDisposeScope();
            larger.Sin.DetachFromDisposeScope();
            return _tables[regime] = larger;
        }
    }

    private Table Compute(int regime, int length)
    {
        double[] inverse = rope.InverseFrequencies(_headDim, _maxPositions, regime);
        double magnitude = rope.Magnitude(_maxPositions);
        int width = 2 * inverse.Length;
        float[] cos = new float[length * width], sin = new float[length * width];
        for (int p = 0; p < length; p++)
        {
            for (int i = 0; i < inverse.Length; i++)
            {
                // Both halves carry the same angle: HF rotates the pair (i, i + half).
                int at = (p * width) + i;
                cos[at] = cos[at + inverse.Length] = (float)(Math.Cos(p * inverse[i]) * magnitude);
                sin[at] = sin[at + inverse.Length] = (float)(Math.Sin(p * inverse[i]) * magnitude);
            }
        }
        return new Table(tensor(cos, [length, width], device: device), tensor(sin, [length, width], device: device), length);
    }
}
