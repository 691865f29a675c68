using System.Globalization;
using Hone.Evaluation;

namespace Hone.Runs;

/// <summary>Figures as people read them: the same digits in the page, in Markdown and in the terminal.</summary>
internal static class Format
{
    public const string Missing = "n/a";

    /// <summary>A rate in 0..1 as a percentage with one decimal, without the sign: <c>78.2</c>.</summary>
    public static string Percent(double rate) => Number(100 * rate, 1);

    public static string Number(double value, int decimals) =>
        double.IsFinite(value) ? value.ToString("F" + decimals, CultureInfo.InvariantCulture) : Missing;

    public static string Count(long value) => value.ToString("#,0", CultureInfo.InvariantCulture);

    /// <summary><c>78.2 [74.4, 81.6]</c>, by <paramref name="format"/>.</summary>
    public static string WithInterval(Interval interval, Func<double, string> format) =>
        interval.IsUndefined ? $"{format(interval.Value)} [error undefined]"
            : $"{format(interval.Value)} [{format(interval.Low)}, {format(interval.High)}]";

    public static string PercentWithInterval(Interval interval) => WithInterval(interval, Percent);

    /// <summary><c>42 s</c>, <c>4 min 38 s</c> or <c>3 h 05 min</c>.</summary>
    public static string Duration(double seconds)
    {
        if (!double.IsFinite(seconds) || seconds < 0) return Missing;
        long whole = (long)Math.Round(seconds);
        if (whole < 60) return $"{whole} s";
        return whole < 3600 ? $"{whole / 60} min {whole % 60:00} s" : $"{whole / 3600} h {whole % 3600 / 60:00} min";
    }

    /// <summary>As <see cref="Duration"/>, with tenths of a second where there are few.</summary>
    public static string Seconds(double seconds) => seconds < 10 ? $"{Number(seconds, 1)} s" : Duration(seconds);

    public static string Bytes(long bytes) =>
        bytes >= 1L << 30 ? $"{Number(bytes / (double)(1L << 30), 2)} GiB" : $"{Number(bytes / (double)(1L << 20), 0)} MiB";

    /// <summary>With the typographic minus sign, for the page.</summary>
    public static string Typographic(string number) => number.Replace('-', '\u2212');
}
