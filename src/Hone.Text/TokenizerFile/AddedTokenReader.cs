using System.Text.Json;
using Hone.Text.AddedTokens;
using Hone.Text.Bpe;

namespace Hone.Text.TokenizerFile;

/// <summary>Added tokens of tokenizer.json, and those that only tokenizer_config.json knows.</summary>
internal static class AddedTokenReader
{
    private const int MaxContent = 4096;

    public static List<AddedToken> Read(TokenizerJson file, JsonFields? config, IReadOnlyCollection<string> namedSpecial)
    {
        List<AddedToken> tokens = [];
        ReadOnlyMemory<byte> json = file.Section("added_tokens");
        if (!json.IsEmpty)
        {
            JsonFields list = JsonFile.Parse(json, $"{file.Path}: added_tokens");
            if (list.Element.ValueKind != JsonValueKind.Array) throw new InputException("must be a list", list.Where);
            int index = 0;
            foreach (JsonElement item in list.Element.EnumerateArray())
            {
                JsonFields fields = new(item, $"{file.Path}: added_tokens[{index++}]");
                tokens.Add(ReadOne(fields, fields.Integer("id"), namedSpecial));
            }
        }
        AddFromConfig(config, namedSpecial, tokens);
        return tokens;
    }

    /// <summary>Adds what added_tokens_decoder of tokenizer_config.json has over the tokens known already.</summary>
    public static void AddFromConfig(JsonFields? config, IReadOnlyCollection<string> namedSpecial, List<AddedToken> tokens)
    {
        if (config is not { } known || !known.Has("added_tokens_decoder")) return;
        JsonFields decoder = known.Child("added_tokens_decoder");
        if (decoder.Element.ValueKind != JsonValueKind.Object) throw new InputException("must be an object", decoder.Where);
        HashSet<string> seen = [.. tokens.Select(t => t.Content)];
        foreach (JsonProperty property in decoder.Element.EnumerateObject())
        {
            JsonFields fields = new(property.Value, $"{decoder.Where}.{property.Name}");
            AddedToken token = ReadOne(fields, int.TryParse(property.Name, out int id) ? id : null, namedSpecial);
            if (seen.Add(token.Content)) tokens.Add(token);
        }
    }

    private static AddedToken ReadOne(JsonFields fields, int? id, IReadOnlyCollection<string> namedSpecial)
    {
        if (id is null or < 0 or > TokenTable.MaxId)
        {
            throw new InputException($"\"id\" must be an integer from 0 to {TokenTable.MaxId}", fields.Where);
        }
        string content = fields.Text("content") ?? throw new InputException("\"content\" is missing", fields.Where);
        if (content.Length is 0 or > MaxContent)
        {
            throw new InputException($"\"content\" must have 1 to {MaxContent} characters", fields.Where);
        }
        return new AddedToken(
            id.Value,
            content,
            fields.Flag("single_word") ?? false,
            fields.Flag("lstrip") ?? false,
            fields.Flag("rstrip") ?? false,
            fields.Flag("normalized") ?? false,
            (fields.Flag("special") ?? false) || namedSpecial.Contains(content));
    }
}
