using System.Text.Json.Serialization;

namespace Hone.Evaluation;

/// <summary>A measured value with its confidence interval (95% unless the caller says otherwise).</summary>
public readonly record struct Interval(double Value, double Low, double High)
{
    /// <summary>
    /// True where the error cannot be told: a mean of one row, or of rows that are all the same. Both bounds are then the value,
    /// and no claim may be drawn from them.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsUndefined { get; init; }

    /// <summary>A value whose error cannot be told.</summary>
    public static Interval Undefined(double value) => new(value, value, value) { IsUndefined = true };

    /// <summary>A value that is known exactly: an interval of width zero.</summary>
    public static Interval Exact(double value) => new(value, value, value);

    /// <summary>Whether the whole interval lies above <paramref name="threshold"/>.</summary>
    public bool IsAbove(double threshold) => !IsUndefined && Low > threshold;

    /// <summary>Whether the whole interval lies below <paramref name="threshold"/>.</summary>
    public bool IsBelow(double threshold) => !IsUndefined && High < threshold;

    /// <summary>1 minus this interval, bounds exchanged: the same comparison seen from the other side.</summary>
    public Interval Complement() => this with { Value = 1 - Value, Low = 1 - High, High = 1 - Low };
}
