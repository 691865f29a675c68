using System.Globalization;
using System.Text.Json;

namespace Hone.Data;

/// <summary>One row as it is in the file: named columns, and where it stands.</summary>
internal sealed record DataRecord(JsonElement Value, string Where)
{
    public IEnumerable<string> Columns => Value.EnumerateObject().Select(p => p.Name);

    /// <summary>The column's value, or null where it is missing or null.</summary>
    public JsonElement? this[string column] =>
        Value.TryGetProperty(column, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public bool Has(string column) => this[column] is not null;

    /// <summary>Whether the column is there and null.</summary>
    public bool IsNull(string column) => Value.TryGetProperty(column, out JsonElement value) && value.ValueKind == JsonValueKind.Null;

    public bool Has(string column, JsonValueKind kind) => this[column]?.ValueKind == kind;

    public string Text(string column)
    {
        JsonElement value = Require(column);
        return value.ValueKind == JsonValueKind.String
            ? Text(value, $"column `{column}`")
            : throw Wrong($"column `{column}` is {Name(value.ValueKind)}, not text");
    }

    public string? OptionalText(string column) => Has(column) ? Text(column) : null;

    public double? OptionalNumber(string column)
    {
        if (this[column] is not { } value) return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && double.IsFinite(number)) return number;
        // A CSV file has nothing but text.
        return value.ValueKind == JsonValueKind.String && double.TryParse(Text(column), NumberStyles.Float, CultureInfo.InvariantCulture,
            out number) && double.IsFinite(number) ? number : throw Wrong($"column `{column}` is not a number");
    }

    /// <summary>A label, true or false, also written as 1 and 0 or as text; null where there is none, or something else.</summary>
    public bool? Flag(string column) => this[column] is not { } value ? null : value.ToString().ToLowerInvariant() switch
    {
        "true" or "1" => true,
        "false" or "0" => false,
        _ => null,
    };

    public JsonElement Require(string column) => this[column] ??
        throw new InputException($"column `{column}` is {(IsNull(column) ? "null" : "missing")}", Where,
            $"The row has the columns {List(Columns)}.");

    /// <summary>The text of a JSON string.</summary>
    public string Text(JsonElement value, string what)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException e)
        {
            throw new InputException($"{what} holds half of a surrogate pair (a broken \\u escape)", Where, inner: e);
        }
    }

    public InputException Wrong(string what, string? fix = null) => new(what, Where, fix);

    public static string Name(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "text",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "true or false",
    };

    public static string List(IEnumerable<string> names) =>
        string.Join(", ", names.Select(n => $"`{n}`")) is { Length: > 0 } list ? list : "(none)";
}
