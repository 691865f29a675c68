using System.Globalization;

namespace Hone.Runs;

/// <summary>A linear axis whose ends and ticks are round numbers (Heckbert 1990, "Nice numbers for graph labels").</summary>
internal sealed class Axis
{
    private Axis(double low, double high, double step)
    {
        (Low, High, Step) = (low, high, step);
    }

    public double Low { get; }

    public double High { get; }

    public double Step { get; }

    /// <summary>
    /// Covers <paramref name="min"/>..<paramref name="max"/> with about <paramref name="ticks"/> ticks. A range too narrow to
    /// label is widened; with <paramref name="integers"/> no tick lies between whole numbers.
    /// </summary>
    public static Axis Cover(double min, double max, int ticks, bool integers = false)
    {
        double largest = Math.Max(Math.Abs(min), Math.Abs(max));
        if (!(max - min > 1e-6 * largest && largest > 1e-15))
        {
            double pad = integers || largest <= 1e-15 ? 1 : largest * 0.1;
            (min, max) = (min - pad, max + pad);
        }
        double step = NiceStep((max - min) / Math.Max(1, ticks - 1));
        if (integers) step = Math.Max(1, Math.Round(step));
        // Rounding is forgiven, but never more than a little of the range itself: whole-number ticks can be far wider.
        double slack = Math.Min(1e-9, 1e-7 * (max - min) / step);
        double low = Math.Floor(min / step + slack), high = Math.Ceiling(max / step - slack);
        return new Axis(low * step, Math.Max(high, low + 1) * step, step);
    }

    /// <summary>Round ticks within exactly <paramref name="min"/>..<paramref name="max"/>: curves reach the edge.</summary>
    public static Axis Fit(double min, double max, int ticks, bool integers = true)
    {
        Axis cover = Cover(min, max, ticks, integers);
        return max > min ? new Axis(min, max, cover.Step) : cover;
    }

    /// <summary>Exactly <paramref name="min"/>..<paramref name="max"/> with a tick at each whole number.</summary>
    public static Axis Names(double min, double max) => new(min, max, 1);

    public double Share(double value) => (value - Low) / (High - Low);

    public IEnumerable<double> Ticks()
    {
        int first = (int)Math.Ceiling(Low / Step - 1e-9), last = (int)Math.Floor(High / Step + 1e-9);
        for (int k = first; k <= last; k++) yield return k * Step;
    }

    /// <summary>The tick as text, with the decimals that tell it from the next one.</summary>
    public string Label(double tick, bool percent = false)
    {
        double scale = percent ? 100 : 1, value = tick * scale, step = Step * scale;
        double largest = Math.Max(Math.Abs(Low), Math.Abs(High)) * scale;
        if (value == 0) return "0";
        if (largest < 1e-3) return value.ToString("0.#######e-0", CultureInfo.InvariantCulture);
        if (largest >= 10_000 && step >= 100) return (value / 1000).ToString("0.###", CultureInfo.InvariantCulture) + "k";
        int decimals = Math.Clamp((int)Math.Ceiling(-Math.Log10(step) - 1e-9), 0, 12);
        return value.ToString("F" + decimals, CultureInfo.InvariantCulture);
    }

    private static double NiceStep(double raw)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(raw)));
        double lead = raw / power;
        return power * (lead <= 1.0001 ? 1 : lead <= 2.0001 ? 2 : lead <= 5.0001 ? 5 : 10);
    }
}
