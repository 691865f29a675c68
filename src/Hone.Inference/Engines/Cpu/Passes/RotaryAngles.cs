using System.Numerics;
using Hone.Models;

namespace Hone.Inference.Engines.Cpu;

/// <summary>cos and sin of one <see cref="Rope"/> for a pass's rows, looked up in tables that grow, or computed for the pass.</summary>
internal sealed class RotaryAngles(Rope rope, TransformerConfig config)
{
    private readonly Table[] _tables = [new(), new()];
    private float[] _cos = [], _sin = [];

    private sealed class Table
    {
        public float[] Cos = [], Sin = [];
        public int Length;
    }

    /// <summary>Pairs that rotate: dimension i with i + <see cref="Half"/>.</summary>
    public int Half { get; } = rope.Dimensions(config.HeadDim) / 2;

    /// <summary>[rows, half]</summary>
    public ReadOnlySpan<float> Cos(int row) => _cos.AsSpan(row * Half, Half);

    /// <summary>[rows, half]</summary>
    public ReadOnlySpan<float> Sin(int row) => _sin.AsSpan(row * Half, Half);

    public void Set(PassRows rows)
    {
        if (_cos.Length < rows.Count * Half) (_cos, _sin) = (new float[rows.Count * Half], new float[rows.Count * Half]);
        for (int row = 0; row < rows.Count; row++)
        {
            int position = rows.Positions[row], regime = rope.Regime(rows.RotateAs[row], config.MaxPositions);
            Span<float> cos = _cos.AsSpan(row * Half, Half), sin = _sin.AsSpan(row * Half, Half);
            // A regime above 1 is a length of its own (dynamic scaling).
            if (regime > 1)
            {
                Compute(position, rope.InverseFrequencies(config.HeadDim, config.MaxPositions, regime), cos, sin);
                continue;
            }
            Table table = _tables[regime];
            if (position >= table.Length) Extend(table, regime, position + 1);
            table.Cos.AsSpan(position * Half, Half).CopyTo(cos);
            table.Sin.AsSpan(position * Half, Half).CopyTo(sin);
        }
    }

    private void Extend(Table table, int regime, int least)
    {
        int length = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(least, 64));
        double[] inverse = rope.InverseFrequencies(config.HeadDim, config.MaxPositions, regime);
        Array.Resize(ref table.Cos, length * Half);
        Array.Resize(ref table.Sin, length * Half);
        for (int p = table.Length; p < length; p++)
            Compute(p, inverse, table.Cos.AsSpan(p * Half, Half), table.Sin.AsSpan(p * Half, Half));
        table.Length = length;
    }

    private void Compute(int position, double[] inverse, Span<float> cos, Span<float> sin)
    {
        double magnitude = rope.Magnitude(config.MaxPositions);
        for (int i = 0; i < inverse.Length; i++)
        {
            cos[i] = (float)(Math.Cos(position * inverse[i]) * magnitude);
            sin[i] = (float)(Math.Sin(position * inverse[i]) * magnitude);
        }
    }
}
