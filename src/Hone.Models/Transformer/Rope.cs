namespace Hone.Models;

/// <summary>
/// Rotary position embedding (RoPE, arXiv 2104.09864) with the scalings of transformers' <c>modeling_rope_utils</c>:
/// linear, dynamic (NTK), llama3, yarn (arXiv 2309.00071) and longrope (arXiv 2402.13753).
/// </summary>
public sealed record Rope
{
    public double Theta { get; init; } = 10000;

    /// <summary>The share of each head that rotates; the rest passes. The first dimensions rotate.</summary>
    public double RotaryFraction { get; init; } = 1;

    public RopeScaling? Scaling { get; init; }

    /// <summary>Dimensions of a head that rotate, an even number.</summary>
    public int Dimensions(int headDim) => (int)(headDim * RotaryFraction);

    /// <summary>Whether frequencies depend on how long a sequence is.</summary>
    public bool DependsOnLength => Scaling is { Type: "longrope" or "dynamic" };

    /// <summary>
    /// Sequences of one regime have the same frequencies. Most embeddings have one regime; with longrope sequences beyond
    /// the original length have another, and with dynamic scaling each length beyond the trained one has its own.
    /// </summary>
    internal int Regime(int length, int maxPositions) => Scaling switch
    {
        { Type: "longrope" } s => length > s.OriginalMaxPositions ? 1 : 0,
        { Type: "dynamic" } => length > maxPositions ? length : 0,
        _ => 0,
    };

    /// <summary>What cos and sin are multiplied with.</summary>
    internal double Magnitude(int maxPositions) => Scaling switch
    {
        { Type: "yarn" } s => s.AttentionFactor ?? ((0.1 * Math.Log(s.Factor)) + 1),
        { Type: "longrope" } s => s.AttentionFactor ?? LongMagnitude(s, maxPositions),
        _ => 1,
    };

    /// <summary>Inverse frequencies [dimensions / 2] of sequences in a regime.</summary>
    internal double[] InverseFrequencies(int headDim, int maxPositions, int regime)
    {
        int dimensions = Dimensions(headDim), half = dimensions / 2;
        double theta = Scaling is { Type: "dynamic" } d && regime > 0 ? Dynamic(d, dimensions, maxPositions, regime) : Theta;
        double[] frequencies = [.. Enumerable.Range(0, half).Select(i => Math.Pow(theta, -2.0 * i / dimensions))];
        if (Scaling is not { } s) return frequencies;
        return s.Type switch
        {
            "linear" => [.. frequencies.Select(f => f / s.Factor)],
            "llama3" => [.. frequencies.Select(f => Llama3(f, s))],
            "yarn" => Yarn(frequencies, dimensions, s),
            "longrope" => [.. frequencies.Zip(regime > 0 ? s.LongFactor! : s.ShortFactor!, (f, factor) => f / factor)],
            _ => frequencies,
        };
    }

    private static double LongMagnitude(RopeScaling s, int maxPositions)
    {
        double factor = s.Factor > 0 ? s.Factor : (double)maxPositions / s.OriginalMaxPositions;
        return factor <= 1 ? 1 : Math.Sqrt(1 + (Math.Log(factor) / Math.Log(s.OriginalMaxPositions)));
    }

    private double Dynamic(RopeScaling s, int dimensions, int maxPositions, int length)
    {
        double growth = (s.Factor * length / maxPositions) - (s.Factor - 1);
        return Theta * Math.Pow(growth, dimensions / (dimensions - 2.0));
    }

    private static double Llama3(double frequency, RopeScaling s)
    {
        double wavelength = 2 * Math.PI / frequency;
        double lowWavelength = s.OriginalMaxPositions / s.LowFrequencyFactor;
        double highWavelength = s.OriginalMaxPositions / s.HighFrequencyFactor;
        if (wavelength < highWavelength) return frequency;
        if (wavelength > lowWavelength) return frequency / s.Factor;
        double smooth = ((s.OriginalMaxPositions / wavelength) - s.LowFrequencyFactor) / (s.HighFrequencyFactor - s.LowFrequencyFactor);
        return ((1 - smooth) * frequency / s.Factor) + (smooth * frequency);
    }

    /// <summary>Slow dimensions are interpolated, fast ones kept, with a ramp between (arXiv 2309.00071, section 3.2).</summary>
    private double[] Yarn(double[] frequencies, int dimensions, RopeScaling s)
    {
        double Dimension(double rotations) =>
            dimensions * Math.Log(s.OriginalMaxPositions / (rotations * 2 * Math.PI)) / (2 * Math.Log(Theta));
        double low = Dimension(s.BetaFast), high = Dimension(s.BetaSlow);
        if (s.Truncate) (low, high) = (Math.Floor(low), Math.Ceiling(high));
        (low, high) = (Math.Max(low, 0), Math.Min(high, dimensions - 1));
        double width = high == low ? 0.001 : high - low;
        return [.. frequencies.Select((frequency, i) =>
        {
            double ramp = Math.Clamp((i - low) / width, 0, 1);
            return (frequency * (1 - ramp)) + (frequency / s.Factor * ramp);
        })];
    }
}

/// <summary>RoPE scaling as in transformers' <c>rope_scaling</c>.</summary>
/// <param name="Type">linear, dynamic, llama3, yarn or longrope.</param>
/// <param name="Factor">How much longer than trained; 0 where longrope takes it from the lengths.</param>
public sealed record RopeScaling(
    string Type,
    double Factor,
    double LowFrequencyFactor = 1,
    double HighFrequencyFactor = 4,
    int OriginalMaxPositions = 8192)
{
    /// <summary>yarn: dimensions that turn more often than this over the original length are kept.</summary>
    public double BetaFast { get; init; } = 32;

    /// <summary>yarn: dimensions that turn less often than this over the original length are interpolated.</summary>
    public double BetaSlow { get; init; } = 1;

    /// <summary>yarn: whether the ramp begins and ends at whole dimensions.</summary>
    public bool Truncate { get; init; } = true;

    /// <summary>yarn and longrope: factor of cos and sin; null for the paper's.</summary>
    public double? AttentionFactor { get; init; }

    /// <summary>longrope: divisors of the frequencies up to the original length. [dimensions / 2]</summary>
    public IReadOnlyList<double>? ShortFactor { get; init; }

    /// <summary>longrope: divisors of the frequencies beyond the original length. [dimensions / 2]</summary>
    public IReadOnlyList<double>? LongFactor { get; init; }

    public bool Equals(RopeScaling? other) =>
        other is not null
        && (Type, Factor, LowFrequencyFactor, HighFrequencyFactor, OriginalMaxPositions)
            == (other.Type, other.Factor, other.LowFrequencyFactor, other.HighFrequencyFactor, other.OriginalMaxPositions)
        && (BetaFast, BetaSlow, Truncate, AttentionFactor) == (other.BetaFast, other.BetaSlow, other.Truncate, other.AttentionFactor)
        && (ShortFactor ?? []).SequenceEqual(other.ShortFactor ?? [])
        && (LongFactor ?? []).SequenceEqual(other.LongFactor ?? []);

    public override int GetHashCode() => HashCode.Combine(Type, Factor, OriginalMaxPositions);
}
