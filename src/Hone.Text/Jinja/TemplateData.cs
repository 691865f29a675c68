using System.Text.Json;

namespace Hone.Text.Jinja;

/// <summary>Values from outside as values of a template. Only plain data passes: text, numbers, lists, maps, JSON.</summary>
internal static class TemplateData
{
    public static object? From(object? value)
    {
        Budget.EnsureStack();
        return value switch
        {
            null or bool or string or long or double => value,
            int number => (long)number,
            float number => (double)number,
            JsonElement json => From(Plain(json)),
            ChatMessage message => FromMessage(message),
            IReadOnlyDictionary<string, object?> map => FromPairs(map),
            IEnumerable<object?> list => new JinjaList([.. list.Select(From)]),
            _ => throw new ArgumentException($"a chat template cannot take a {value.GetType().Name}", nameof(value)),
        };
    }

    /// <summary>JSON as plain data: the same values without the document they are read from.</summary>
    public static object? Plain(JsonElement json)
    {
        Budget.EnsureStack();
        return json.ValueKind switch
        {
            JsonValueKind.Object => json.EnumerateObject().GroupBy(p => p.Name).ToDictionary(g => g.Key, g => Plain(g.Last().Value), StringComparer.Ordinal),
            JsonValueKind.Array => json.EnumerateArray().Select(Plain).ToList(),
            JsonValueKind.String => json.GetString(),
            JsonValueKind.Number => json.TryGetInt64(out long whole) ? whole : (object)json.GetDouble(),
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => (object?)null,
        };
    }

    /// <summary>Every text in plain data, keys included.</summary>
    public static IEnumerable<string> Texts(object? value)
    {
        Budget.EnsureStack();
        return value switch
        {
            string text => [text],
            JsonElement json => Texts(Plain(json)),
            IReadOnlyDictionary<string, object?> map => map.SelectMany(p => Texts(p.Value).Prepend(p.Key)),
            IEnumerable<object?> list => list.SelectMany(Texts),
            _ => [],
        };
    }

    private static JinjaDict FromMessage(ChatMessage message)
    {
        JinjaDict dict = new();
        dict.Set("role", message.Role);
        dict.Set("content", message.Content);
        return dict;
    }

    private static JinjaDict FromPairs(IEnumerable<KeyValuePair<string, object?>> pairs)
    {
        JinjaDict dict = new();
        foreach ((string key, object? value) in pairs) dict.Set(key, From(value));
        return dict;
    }
}
