using System.Text.Json;

namespace Hone.Inference.Constraints;

/// <summary>One schema's keywords, each asked for by name; what nobody asks for is refused.</summary>
internal sealed class SchemaKeywords
{
    /// <summary>They say something about a value and restrict none (JSON Schema 2020-12, Validation, section 9; Core, section 8).</summary>
    private static readonly HashSet<string> s_annotations =
    [
        "title", "description", "default", "examples", "example", "deprecated", "readOnly", "writeOnly", "$comment", "$schema", "$id",
        "$defs", "definitions", "contentEncoding", "contentMediaType",
    ];

    private readonly Dictionary<string, JsonElement> _left = [];

    /// <param name="at">Where in the document it stands, for messages.</param>
    public SchemaKeywords(JsonElement schema, string at)
    {
        At = at;
        if (schema.ValueKind != JsonValueKind.Object) throw Wrong("a schema", "an object or true");
        foreach (JsonProperty keyword in schema.EnumerateObject())
        {
            if (s_annotations.Contains(keyword.Name) || keyword.Name.StartsWith("x-", StringComparison.Ordinal)) continue;
            _left[keyword.Name] = keyword.Value;
        }
    }

    public string At { get; }

    public bool Has(string name) => _left.ContainsKey(name);

    public JsonElement? Take(string name) => _left.Remove(name, out JsonElement value) ? value : null;

    public int? Count(string name) => Take(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double count) && count >= 0 && count == Math.Floor(count)
            ? (int)Math.Min(count, int.MaxValue) : throw Wrong($"`{name}`", "a whole number of 0 or more");

    public string? Text(string name) => Take(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString() : throw Wrong($"`{name}`", "a text");

    public IReadOnlyList<JsonElement>? List(string name) => Take(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : throw Wrong($"`{name}`", "a list");

    public IReadOnlyList<JsonProperty> Object(string name) => Take(name) is not { } value ? []
        : value.ValueKind == JsonValueKind.Object ? [.. value.EnumerateObject()] : throw Wrong($"`{name}`", "an object");

    /// <exception cref="InputException">A keyword was not taken.</exception>
    public void End(string beside)
    {
        if (_left.Count > 0)
            throw new InputException($"`{_left.Keys.First()}` {beside} is not supported in the schema of an answer", At,
                "Leave it out, and check the answer for it afterwards.");
    }

    public InputException Wrong(string what, string wanted) => new($"{what} of the schema must be {wanted}", At, "Correct the schema.");
}
