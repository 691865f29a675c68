using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Hone.Data;

/// <summary>
/// Keeps rows by one column's value: <c>lang=en</c>, <c>source!=shp</c>, <c>score&gt;=4</c>. A row without the column
/// is not kept.
/// </summary>
public sealed partial class RowFilter
{
    private readonly string _column, _operator, _value;
    private readonly double? _number;

    private RowFilter(string text, string column, string comparison, string value) => (Text, _column, _operator, _value, _number) = (
        text, column, comparison, value, double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
            ? number : null);

    /// <summary>The filter as written.</summary>
    public string Text { get; }

    /// <exception cref="InputException">The text is no filter, or compares by size with what is no number.</exception>
    public static RowFilter Parse(string text)
    {
        Match match = Pattern().Match(text);
        const string Fix = "Write column=value, column!=value, or column>=number (also >, <=, <).";
        if (!match.Success) throw new InputException($"`{text}` is not a filter", fix: Fix);
        var filter = new RowFilter(text, match.Groups[1].Value, match.Groups[2].Value, match.Groups[3].Value);
        return filter._number is not null || filter._operator is "=" or "!=" ? filter
            : throw new InputException($"`{text}` compares with `{filter._value}`, which is no number", fix: Fix);
    }

    internal bool Keeps(DataRecord record)
    {
        if (record[_column] is not { } value) return false;
        if (_operator is "=" or "!=") return Equal(value) == (_operator == "=");
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out double number)) return false;
        return _operator switch { ">=" => number >= _number, ">" => number > _number, "<=" => number <= _number, _ => number < _number };
    }

    private bool Equal(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.ValueEquals(_value),
        JsonValueKind.Number => _number is { } number && value.TryGetDouble(out double own) && own == number,
        JsonValueKind.True or JsonValueKind.False => string.Equals(value.GetRawText(), _value, StringComparison.OrdinalIgnoreCase),
        _ => false,
    };

    [GeneratedRegex(@"\A\s*([^=!<>]+?)\s*(!=|>=|<=|=|>|<)\s*(.*?)\s*\z", RegexOptions.Singleline)]
    private static partial Regex Pattern();
}
