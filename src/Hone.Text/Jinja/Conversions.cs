using System.Globalization;

namespace Hone.Text.Jinja;

/// <summary>The filters int, float and round.</summary>
internal static class Conversions
{
    public static object? ToInteger(object? value, Arguments arguments)
    {
        object? otherwise = arguments.Get(0, "default", 0L);
        long numberBase = arguments.Integer(1, "base", 10);
        switch (value)
        {
            case long or System.Numerics.BigInteger: return value;
            case bool b: return b ? 1L : 0L;
            case double d: return double.IsFinite(d) ? PythonInteger.Of(new System.Numerics.BigInteger(d)) : otherwise;
            case string text:
                string digits = text.Trim().Replace("_", "", StringComparison.Ordinal);
                if (numberBase == 16) return ParseHex(digits) ?? otherwise;
                if (PythonInteger.Parse(digits) is { } whole) return whole;
                return double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out double real) && double.IsFinite(real)
                    ? PythonInteger.Of(new System.Numerics.BigInteger(real))
                    : otherwise;
            default: return otherwise;
        }
    }

    public static object? ToFloat(object? value, object? otherwise) => value switch
    {
        double => value,
        _ when PythonValue.IsInteger(value) => PythonValue.ToDouble(value),
        string text when double.TryParse(text.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out double real) => real,
        _ => otherwise,
    };

    public static object Round(object? value, Arguments arguments)
    {
        double number = PythonValue.ToDouble(value);
        int precision = (int)Math.Clamp(arguments.Integer(0, "precision", 0), -15, 15);
        // Python rounds a whole number to a whole number.
        if (PythonValue.IsInteger(value) && precision >= 0 && arguments.Text(1, "method", "common") == "common")
        {
            return PythonInteger.Of(PythonInteger.Wide(value));
        }
        double scale = Math.Pow(10, precision);
        return arguments.Text(1, "method", "common") switch
        {
            "common" when precision >= 0 => Math.Round(number, precision, MidpointRounding.ToEven),
            "common" => Math.Round(number * scale, MidpointRounding.ToEven) / scale,
            "ceil" => Math.Ceiling(number * scale) / scale,
            "floor" => Math.Floor(number * scale) / scale,
            string other => throw new JinjaException($"the rounding method '{other}' is not known"),
        };
    }

    private static long? ParseHex(string digits)
    {
        if (digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase)) digits = digits[2..];
        return long.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out long value) ? value : null;
    }
}
