using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Hone.Runs.Recipes;

/// <summary>Single recipe values as text and back.</summary>
internal static partial class OptionValue
{
    /// <summary>The text of a value: round-trip numbers, snake_case choices, <c>null</c>.</summary>
    internal static string Format(object? value) => value switch
    {
        null => "null",
        bool b => b ? "true" : "false",
        double d => d.ToString("R", CultureInfo.InvariantCulture).ToLowerInvariant(),
        Enum e => OptionKey.SnakeCase(e.ToString()),
        IFormattable n => n.ToString(null, CultureInfo.InvariantCulture),
        _ => (string)value,
    };

    /// <summary>The YAML of a value: <see cref="Format"/>, with strings quoted where YAML would read them as something else.</summary>
    internal static string Yaml(object? value) => value is string text ? Quote(text) : Format(value);

    /// <summary>Reads a value, or says in <paramref name="expected"/> what was expected.</summary>
    internal static bool TryParse(Type type, string? text, out object? value, out string expected)
    {
        Type? inner = Nullable.GetUnderlyingType(type);
        value = null;
        if (text is null)
        {
            expected = "a value";
            return inner is not null;
        }
        type = inner ?? type;
        (value, expected) = Type.GetTypeCode(type) switch
        {
            _ when type.IsEnum => (Choice(type, text), Choices(type)),
            TypeCode.String => (text, "a text"),
            TypeCode.Boolean => (text switch { "true" => true, "false" => (object)false, _ => null }, "true or false"),
            TypeCode.Int32 => (WholeNumber(text), "a whole number"),
            TypeCode.Double => (Number(text), "a number"),
            _ => throw new InvalidOperationException($"recipes have no values of type {type}"),
        };
        if (value is null && inner is not null) expected += " or null";
        return value is not null;
    }

    internal static IEnumerable<string> Names(Type choices) => Enum.GetNames(choices).Select(OptionKey.SnakeCase);

    private static string Choices(Type type) => string.Join(" or ", Names(type));

    private static object? Choice(Type type, string text) =>
        Enum.GetNames(type).FirstOrDefault(n => OptionKey.SnakeCase(n) == text) is { } name ? Enum.Parse(type, name) : null;

    private static int? WholeNumber(string text) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int i) ? i : null;

    private static double? Number(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double d) && double.IsFinite(d) ? d : null;

    private static string Quote(string text)
    {
        if (PlainText().IsMatch(text) && text is not ("null" or "true" or "false" or "yes" or "no" or "on" or "off")) return text;
        StringBuilder quoted = new("\"");
        foreach (char c in text)
        {
            bool unseen = char.IsControl(c) || c is '\u2028' or '\u2029' or '\ufeff';
            if (c is '"' or '\\') quoted.Append('\\').Append(c);
            else if (unseen) quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else quoted.Append(c);
        }
        return quoted.Append('"').ToString();
    }

    [GeneratedRegex(@"\A[A-Za-z/._][A-Za-z0-9/._-]*(:[0-9]+)?\z")]
    private static partial Regex PlainText();
}
