namespace Hone.Evaluation;

/// <summary>A measured value with its confidence interval (95% unless the caller says otherwise).</summary>
public readonly record struct Interval(double Value, double Low, double High)
{
    /// <summary>A value that is known exactly: an interval of width zero.</summary>
    public static Interval Exact(double value) => new(value, value, value);

    /// <summary>Whether the whole interval lies above <paramref name="threshold"/>.</summary>
    public bool IsAbove(double threshold) => Low > threshold;

    /// <summary>Whether the whole interval lies below <paramref name="threshold"/>.</summary>
    public bool IsBelow(double threshold) => High < threshold;

    /// <summary>1 minus this interval, bounds exchanged: the same comparison seen from the other side.</summary>
    public Interval Complement() => new(1 - Value, 1 - High, 1 - Low);
}
