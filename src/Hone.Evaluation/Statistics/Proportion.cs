namespace Hone.Evaluation;

/// <summary>Intervals of a share of successes.</summary>
public static class Proportion
{
    /// <summary>Two-sided 95% quantile of the standard normal distribution.</summary>
    internal const double Z = 1.959963984540054;

    /// <summary>
    /// Wilson's score interval (Wilson 1927). Unlike the normal approximation it stays within 0..1 and keeps a width at
    /// 0% and 100%. Half successes are allowed (a tie); the interval is then on the wide side, since a half varies less.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">No trial, or more successes than trials.</exception>
    public static Interval Wilson(double successes, int trials)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(trials, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(successes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(successes, trials);
        double p = successes / trials;
        double z2 = Z * Z / trials;
        double centre = (p + z2 / 2) / (1 + z2);
        double half = Z * Math.Sqrt((p * (1 - p) + z2 / 4) / trials) / (1 + z2);
        // At 0 and 1 the bound equals the value exactly; rounding must not put the value outside its own interval.
        return new Interval(p, Math.Clamp(Math.Min(centre - half, p), 0, 1), Math.Clamp(Math.Max(centre + half, p), 0, 1));
    }
}
