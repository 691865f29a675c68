using System.Numerics;
using System.Text.Json;

namespace Hone.Inference.Constraints;

/// <summary>
/// A JSON Schema (draft 2020-12) as a part of a grammar. Every text of the grammar is JSON that the schema takes; the grammar has one
/// order of an object's properties, the schema's, and names other properties only where the schema speaks of them. What it
/// cannot express is refused by name.
/// </summary>
internal sealed class JsonSchemaReader
{
    private const int LargestCount = 10_000, DeepestSchema = 200;
    private static readonly string[] s_types = ["object", "array", "string", "integer", "number", "boolean", "null"];
    // Limits of numbers do not tell which kind of number it is.
    private static readonly string[] s_toldByKeywords = ["object", "array", "string"];

    private readonly JsonElement _root;
    private readonly JsonGrammar _json;
    private readonly SchemaReferences _references;
    private readonly Dictionary<string, int> _rules = [];
    private int _depth;

    public JsonSchemaReader(JsonElement root, JsonGrammar json) => (_root, _json, _references) = (root, json, new SchemaReferences(root));

    /// <exception cref="InputException">The schema is wrong, or says what a grammar cannot.</exception>
    public Part Read() => Of(_root, "#");

    private Part Of(JsonElement schema, string at)
    {
        if (++_depth > DeepestSchema)
            throw new InputException(
                $"the schema has more than {DeepestSchema} schemas and references inside each other", "#", "Flatten it.");
        Part part = Read(schema, at);
        _depth--;
        return part;
    }

    private Part Read(JsonElement schema, string at)
    {
        if (schema.ValueKind == JsonValueKind.True) return _json.Any;
        if (schema.ValueKind == JsonValueKind.False) return Parts.Never;
        var keywords = new SchemaKeywords(schema, at);
        if (keywords.Text("$ref") is { } reference)
        {
            keywords.End("beside `$ref`");
            return Parts.Call(Rule(reference, at));
        }
        if (keywords.List("allOf") is { } all)
        {
            keywords.End("beside `allOf`");
            return all is [var only] ? Of(only, $"{at}/allOf/0")
                : throw new InputException("`allOf` of more than one schema is not supported", at, "Write the schemas as one.");
        }
        if (keywords.List("anyOf") is { } any) return Union(keywords, any, "anyOf");
        if (keywords.List("oneOf") is { } one)
        {
            _references.RequireApart(one, at);
            return Union(keywords, one, "oneOf");
        }
        if (keywords.Take("const") is { } constant) return Values(keywords, [constant]);
        if (keywords.List("enum") is { } values) return Values(keywords, values);
        IReadOnlyList<string> types = Types(keywords);
        return types.Count == 0 ? Anything(keywords) : Parts.Choice([.. types.Select(t => Of(t, schema, at, types))]);
    }

    private int Rule(string reference, string at)
    {
        (JsonElement target, string name) = _references.Find(reference, at);
        if (_rules.TryGetValue(name, out int rule)) return rule;
        _rules[name] = rule = _json.Network.AddRule(recursive: true);
        _json.Network.Define(rule, Of(target, name));
        return rule;
    }

    private Part Union(SchemaKeywords keywords, IReadOnlyList<JsonElement> schemas, string name)
    {
        keywords.End($"beside `{name}`");
        if (schemas.Count == 0) throw keywords.Wrong($"`{name}`", "a list of at least one schema");
        return Parts.Choice([.. schemas.Select((s, i) => Of(s, $"{keywords.At}/{name}/{i}"))]);
    }

    private static Part Values(SchemaKeywords keywords, IReadOnlyList<JsonElement> values)
    {
        IReadOnlyList<string> types = Types(keywords);
        keywords.End("beside `enum` or `const`");
        JsonElement[] fitting = [.. values.Where(v => types.Count == 0 || types.Any(t => SchemaReferences.IsOf(v, t)))];
        return Parts.Choice([.. fitting.Select(v => Parts.Text(Written(v)))]);
    }

    private static string Written(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => JsonGrammar.Quoted(value.GetString()!),
        JsonValueKind.Array => $"[{string.Join(", ", value.EnumerateArray().Select(Written))}]",
        JsonValueKind.Object =>
            $"{{{string.Join(", ", value.EnumerateObject().Select(p => $"{JsonGrammar.Quoted(p.Name)}: {Written(p.Value)}"))}}}",
        _ => value.GetRawText(),
    };

    /// <summary>Types that the schema names, or that its keywords are about; none where it says nothing.</summary>
    private static IReadOnlyList<string> Types(SchemaKeywords keywords)
    {
        if (keywords.Take("type") is { } given)
        {
            JsonElement[] names = given.ValueKind == JsonValueKind.Array ? [.. given.EnumerateArray()] : [given];
            return [.. names.Select(n => n.ValueKind == JsonValueKind.String && s_types.Contains(n.GetString()) ? n.GetString()!
                : throw keywords.Wrong("`type`", $"one or more of {string.Join(", ", s_types)}"))];
        }
        return s_toldByKeywords.FirstOrDefault(type => KeywordsOf(type).Any(keywords.Has)) is { } told ? [told] : [];
    }

    private Part Anything(SchemaKeywords keywords)
    {
        keywords.End("without a `type`");
        return _json.Any;
    }

    private Part Of(string type, JsonElement schema, string at, IReadOnlyList<string> types)
    {
        var keywords = new SchemaKeywords(schema, at);
        keywords.Take("type");
        Part part = type switch
        {
            "object" => Object(keywords),
            "array" => Array(keywords),
            "string" => String(keywords),
            "integer" => Integer(keywords),
            "number" => _json.Number,
            "boolean" => Parts.Choice(Parts.Text("true"), Parts.Text("false")),
            _ => Parts.Text("null"),
        };
        // What is about another of the schema's types is looked at there.
        foreach (string other in types.Where(t => t != type))
            foreach (string name in KeywordsOf(other)) keywords.Take(name);
        keywords.End($"in a schema of type {type}");
        return part;
    }

    private static string[] KeywordsOf(string type) => type switch
    {
        "object" => ["properties", "required", "additionalProperties"],
        "array" => ["items", "prefixItems", "minItems", "maxItems"],
        "string" => ["pattern", "minLength", "maxLength", "format"],
        "integer" => ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"],
        _ => [],
    };

    private Part Object(SchemaKeywords keywords)
    {
        IReadOnlyList<JsonProperty> properties = keywords.Object("properties");
        HashSet<string> required = [.. (keywords.List("required") ?? []).Select(r =>
            r.ValueKind == JsonValueKind.String ? r.GetString()! : throw keywords.Wrong("`required`", "a list of names"))];
        JsonElement? additional = keywords.Take("additionalProperties");
        if (properties.Count == 0 && required.Count == 0 && additional is null or { ValueKind: JsonValueKind.True }) return _json.AnyObject;
        List<(Part, bool)> members = [];
        foreach (JsonProperty property in properties)
        {
            Part value = Parts.Call(_json.Network.AddRule(Of(property.Value, $"{keywords.At}/properties/{property.Name}")));
            members.Add((_json.Member(Parts.Text(JsonGrammar.Quoted(property.Name)), value), required.Remove(property.Name)));
        }
        foreach (string name in required) members.Add((_json.Member(Parts.Text(JsonGrammar.Quoted(name)), OfOthers()), true));
        Part? others = additional is null or { ValueKind: JsonValueKind.False } ? null
            : _json.Member(OtherNames.Than([.. properties.Select(p => p.Name), .. required]), OfOthers());
        return _json.Members(members, others);

        Part OfOthers() => additional is null ? _json.Any : Of(additional.Value, $"{keywords.At}/additionalProperties");
    }

    private Part Array(SchemaKeywords keywords)
    {
        (int least, int? most) = (keywords.Count("minItems") ?? 0, keywords.Count("maxItems"));
        JsonElement? items = keywords.Take("items");
        if (keywords.List("prefixItems") is { } first)
        {
            if (items is not { ValueKind: JsonValueKind.False } && most != first.Count)
                throw new InputException("`prefixItems` without `items: false` is not supported", keywords.At,
                    "Set `items` to false, or describe all items alike.");
            if (least != first.Count)
                throw new InputException(
                    $"`prefixItems` needs `minItems` to be their number, {first.Count}", keywords.At, "Set `minItems`.");
            return _json.Tuple([.. first.Select((s, i) => Of(s, $"{keywords.At}/prefixItems/{i}"))]);
        }
        Check(keywords, "Items", least, most);
        if (items is { ValueKind: JsonValueKind.Array })
            throw keywords.Wrong("`items`", "a schema (a list of them is `prefixItems` today)");
        Part item = items is { } given ? Parts.Call(_json.Network.AddRule(Of(given, $"{keywords.At}/items"))) : _json.Any;
        return _json.Array(item, least, most);
    }

    private Part String(SchemaKeywords keywords)
    {
        (int? least, int? most) = (keywords.Count("minLength"), keywords.Count("maxLength"));
        string? pattern = keywords.Text("pattern"), format = keywords.Text("format");
        if (new[] { pattern, format, least is null && most is null ? null : "length" }.Count(p => p is not null) > 1)
            throw new InputException("only one of `pattern`, `format` and `minLength` with `maxLength` can be kept at once", keywords.At,
                "Put the length into the pattern, such as ^[a-z]{1,8}$.");
        if (pattern is not null) return JsonGrammar.Quoted(RegexParser.Parse(pattern, JsonGrammar.Inside, finds: true));
        if (format is not null) return JsonGrammar.Quoted(StringFormats.Of(format, keywords.At));
        if (least is null && most is null) return _json.String;
        Check(keywords, "Length", least ?? 0, most);
        return JsonGrammar.Quoted(Parts.Repeat(_json.Character, least ?? 0, most));
    }

    private static Part Integer(SchemaKeywords keywords)
    {
        (BigInteger? least, BigInteger? most) = (Bound("minimum", up: true, 0), Bound("maximum", up: false, 0));
        BigInteger? above = Bound("exclusiveMinimum", up: false, 1), below = Bound("exclusiveMaximum", up: true, -1);
        least = above is { } a && !(least > a) ? a : least;
        most = below is { } b && !(most < b) ? b : most;
        return IntegerRange.Of(least, most);

        BigInteger? Bound(string name, bool up, int step)
        {
            if (keywords.Take(name) is not { } value) return null;
            if (value.ValueKind != JsonValueKind.Number || !value.TryGetDecimal(out decimal bound) || Math.Abs(bound) >= 1e16m)
                throw keywords.Wrong($"`{name}`", "a number of at most 16 digits");
            return new BigInteger(up ? Math.Ceiling(bound) : Math.Floor(bound)) + step;
        }
    }

    private static void Check(SchemaKeywords keywords, string what, int least, int? most)
    {
        if (least > LargestCount || most > LargestCount)
            throw new InputException($"`min{what}` and `max{what}` go up to {LargestCount}", keywords.At, "Lower it, or leave it out.");
        if (least > most) throw keywords.Wrong($"`min{what}`", $"at most `max{what}`");
    }
}
