using System.Text.Json;

namespace Hone.Text.TokenizerFile;

/// <summary>What tokenizer_config.json and special_tokens_map.json say about the tokens with a role.</summary>
internal sealed record TokenizerConfig(JsonFields? Fields, JsonFields? SpecialTokens)
{
    public static TokenizerConfig Read(string folder) => new(
        JsonFile.TryReadObject(Path.Combine(folder, "tokenizer_config.json")),
        JsonFile.TryReadObject(Path.Combine(folder, "special_tokens_map.json")));

    public string? BosToken => Named("bos_token");

    public string? EosToken => Named("eos_token");

    public string? PadToken => Named("pad_token");

    public string? UnkToken => Named("unk_token");

    /// <summary>Tokens that have a role, and so are control tokens whatever their own flag says.</summary>
    public IReadOnlyCollection<string> AllNamed()
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (string? name in new[] { BosToken, EosToken, PadToken, UnkToken, Named("sep_token"), Named("cls_token"), Named("mask_token") })
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
        if (fields is not { } known || !known.Has("additional_special_tokens")) yield break;
        JsonFields list = known.Child("additional_special_tokens");
        if (list.Element.ValueKind != JsonValueKind.Array) throw new InputException("must be a list", list.Where);
        foreach (JsonElement item in list.Element.EnumerateArray())
        {
            string? name = item.ValueKind == JsonValueKind.String ? item.GetString() : new JsonFields(item, list.Where).Text("content");
            if (name is not null) yield return name;
        }
    }
}
