using System.Text.Json;

namespace Hone.Inference.Constraints;

/// <summary>References inside a schema's document, and what can be said of schemas without reading them whole.</summary>
internal sealed class SchemaReferences(JsonElement root)
{
    private const int LongestChain = 100, MostComparisons = 100_000;
    private int _comparisons;

    /// <summary>What a reference of the form <c>#</c> or <c>#/a/b</c> (RFC 6901) points to, and its canonical name.</summary>
    /// <exception cref="InputException">It points out of the document, or nowhere.</exception>
    public (JsonElement Target, string Name) Find(string reference, string at)
    {
        if (reference != "#" && !reference.StartsWith("#/", StringComparison.Ordinal))
            throw new InputException(
                $"`$ref` is {reference}: only references into the same schema, such as #/$defs/name, are supported", at,
                "Copy what it points to into `$defs`.");
        JsonElement target = root;
        string[] steps = [.. reference.Split('/').Skip(1).Select(s =>
            Uri.UnescapeDataString(s).Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal))];
        foreach (string step in steps)
        {
            bool found = target.ValueKind switch
            {
                JsonValueKind.Object => target.TryGetProperty(step, out target),
                JsonValueKind.Array => int.TryParse(step, out int index) && index >= 0 && index < target.GetArrayLength()
                    && (target = target[index]).ValueKind != JsonValueKind.Undefined,
                _ => false,
            };
            if (!found) throw new InputException($"`$ref` {reference} points to nothing", at, "Correct the reference.");
        }
        return (target, string.Join('/', ["#", .. steps]));
    }

    /// <summary>
    /// Alternatives of which exactly one may hold must be told apart by their types, by their values, or by a property that all need
    /// and for which each names values of its own.
    /// </summary>
    /// <exception cref="InputException">Two of them are not.</exception>
    public void RequireApart(IReadOnlyList<JsonElement> schemas, string at)
    {
        JsonElement[] followed = [.. schemas.Select(s => Follow(s, at))];
        for (int i = 0; i < followed.Length; i++)
            for (int j = 0; j < i; j++)
                if (!AreApart(followed[i], followed[j], at))
                    throw new InputException($"a value might fit both {j} and {i} of `oneOf`, and only one may", at,
                        "Use `anyOf`, or give each a property with a `const` of its own.");
    }

    /// <summary>Whether a value is of a type, in JSON Schema's sense.</summary>
    public static bool IsOf(JsonElement value, string type) => (value.ValueKind, type) switch
    {
        (JsonValueKind.Object, "object") or (JsonValueKind.Array, "array") or (JsonValueKind.String, "string")
            or (JsonValueKind.Null, "null") or (JsonValueKind.Number, "number")
            or (JsonValueKind.True or JsonValueKind.False, "boolean") => true,
        (JsonValueKind.Number, "integer") => value.TryGetDouble(out double number) && number == Math.Floor(number),
        _ => false,
    };

    private bool AreApart(JsonElement a, JsonElement b, string at)
    {
        if (Values(a) is { } some && Values(b) is { } others) return AreApart(some, others, at);
        if (Types(a) is { } types && Types(b) is { } otherTypes && !types.Any(t => otherTypes.Any(o => Overlap(t, o)))) return true;
        if (!IsObject(a) || !IsObject(b) || (_comparisons += 1) > MostComparisons
            || !a.TryGetProperty("properties", out JsonElement properties)
            || !b.TryGetProperty("properties", out JsonElement otherProperties))
            return false;
        return properties.EnumerateObject().Any(p => Requires(a, p.Name) && Requires(b, p.Name)
            && otherProperties.TryGetProperty(p.Name, out JsonElement other)
            && Values(Follow(p.Value, at)) is { } own && Values(Follow(other, at)) is { } theirs && AreApart(own, theirs, at));
    }

    private bool AreApart(JsonElement[] values, JsonElement[] others, string at)
    {
        _comparisons += 1 + (values.Length * others.Length);
        if (_comparisons is > MostComparisons or < 0)
            throw new InputException("`oneOf` has too many alternatives or values to tell them apart", at, "Use `anyOf`.");
        return !values.Any(v => others.Any(o => JsonElement.DeepEquals(v, o)));
    }

    private JsonElement Follow(JsonElement schema, string at)
    {
        for (int i = 0; i < LongestChain; i++)
        {
            if (schema.ValueKind != JsonValueKind.Object || !schema.TryGetProperty("$ref", out JsonElement reference)
                || reference.ValueKind != JsonValueKind.String)
                return schema;
            schema = Find(reference.GetString()!, at).Target;
        }
        throw new InputException("`$ref` goes round in a circle", at, "Correct the reference.");
    }

    private static bool Overlap(string a, string b) => a == b || (a, b) is ("integer", "number") or ("number", "integer");

    /// <summary>Whether only objects are written for it.</summary>
    private static bool IsObject(JsonElement schema) =>
        schema.ValueKind == JsonValueKind.Object && (Types(schema) ?? ["object"]) is ["object"]
        && schema.TryGetProperty("properties", out _);

    private static bool Requires(JsonElement schema, string name) =>
        schema.TryGetProperty("required", out JsonElement required) && required.ValueKind == JsonValueKind.Array
        && required.EnumerateArray().Any(r => r.ValueKind == JsonValueKind.String && r.ValueEquals(name));

    private static JsonElement[]? Values(JsonElement schema) => schema.ValueKind != JsonValueKind.Object ? null
        : schema.TryGetProperty("const", out JsonElement constant) ? [constant]
        : schema.TryGetProperty("enum", out JsonElement values) && values.ValueKind == JsonValueKind.Array ? [.. values.EnumerateArray()]
        : null;

    /// <summary>Null where the schema does not name them.</summary>
    private static string[]? Types(JsonElement schema)
    {
        if (Values(schema) is { } values)
            return [.. values.Select(v => v.ValueKind switch
            {
                JsonValueKind.True or JsonValueKind.False => "boolean",
                _ => v.ValueKind.ToString().ToLowerInvariant(),
            })];
        if (schema.ValueKind != JsonValueKind.Object) return null;
        if (!schema.TryGetProperty("type", out JsonElement type)) return null;
        JsonElement[] names = type.ValueKind == JsonValueKind.Array ? [.. type.EnumerateArray()] : [type];
        return names.All(n => n.ValueKind == JsonValueKind.String) ? [.. names.Select(n => n.GetString()!)] : null;
    }
}
