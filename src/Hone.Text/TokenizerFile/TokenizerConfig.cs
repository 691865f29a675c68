using System.Text.Json;

namespace Hone.Text.TokenizerFile;

/// <summary>Names of the tokens with a role; null where a tokenizer has none.</summary>
internal sealed record TokenRoles(string? Bos, string? Eos, string? Pad, string? Unk);

/// <summary>What tokenizer_config.json and special_tokens_map.json say about the tokens with a role.</summary>
internal sealed record TokenizerConfig(JsonFields? Fields, JsonFields? SpecialTokens)
{
    private static readonly string[] s_roles = ["bos_token", "eos_token", "pad_token", "unk_token", "sep_token", "cls_token", "mask_token"];

    public static TokenizerConfig Read(string folder) => new(
        JsonFile.TryReadObject(Path.Combine(folder, "tokenizer_config.json")),
        JsonFile.TryReadObject(Path.Combine(folder, "special_tokens_map.json")));

    public TokenRoles Roles => new(Named("bos_token"), Named("eos_token"), Named("pad_token"), Named("unk_token"));

    /// <summary>A switch of tokenizer_config.json; null where it does not say.</summary>
    public bool? Flag(string name) => Fields?.Flag(name);

    /// <summary>Tokens that have a role, and so are control tokens whatever their own flag says.</summary>
    public IReadOnlyCollection<string> AllNamed()
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (string? name in s_roles.Select(Named))
        {
            if (name is not null) names.Add(name);
        }
        names.UnionWith(Additional(SpecialTokens));
        names.UnionWith(Additional(Fields));
        return names;
    }

    private string? Named(string role) => Content(Fields, role) ?? Content(SpecialTokens, role);

    private static string? Content(JsonFields? fields, string role)
    {
        if (fields is not { } known || !known.Has(role)) return null;
        JsonFields token = known.Child(role);
        return token.Element.ValueKind switch
        {
            JsonValueKind.String => token.Element.GetString(),
            JsonValueKind.Object => token.Text("content"),
            _ => throw new InputException("a token is a string or an object with \"content\"", token.Where),
        };
    }

    private static IEnumerable<string> Additional(JsonFields? fields)
    {
        // transformers 4 writes the first, 5 the second: a list, or names of roles with their tokens.
        foreach (string key in new[] { "additional_special_tokens", "extra_special_tokens" })
        {
            if (fields is not { } known || !known.Has(key)) continue;
            JsonFields list = known.Child(key);
            IEnumerable<JsonElement> items = list.Element.ValueKind switch
            {
                JsonValueKind.Array => list.Element.EnumerateArray(),
                JsonValueKind.Object => list.Element.EnumerateObject().Select(p => p.Value),
                _ => throw new InputException("must be a list", list.Where),
            };
            foreach (JsonElement item in items)
            {
                string? name = item.ValueKind == JsonValueKind.String ? item.GetString() : new JsonFields(item, list.Where).Text("content");
                if (name is not null) yield return name;
            }
        }
    }
}
