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
            JsonElement json => FromJson(json),
            ChatMessage message => FromMessage(message),
            IReadOnlyDictionary<string, object?> map => FromPairs(map),
            IEnumerable<object?> list => new JinjaList([.. list.Select(From)]),
            _ => throw new ArgumentException($"a chat template cannot take a {value.GetType().Name}", nameof(value)),
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

    private static object? FromJson(JsonElement json)
    {
        Budget.EnsureStack();
        switch (json.ValueKind)
        {
            case JsonValueKind.Object:
                JinjaDict dict = new();
                foreach (JsonProperty property in json.EnumerateObject()) dict.Set(property.Name, FromJson(property.Value));
                return dict;
            case JsonValueKind.Array:
                return new JinjaList([.. json.EnumerateArray().Select(FromJson)]);
            case JsonValueKind.String: return json.GetString();
            case JsonValueKind.Number: return json.TryGetInt64(out long whole) ? whole : (object)json.GetDouble();
            case JsonValueKind.True: return true;
            case JsonValueKind.False: return false;
            default: return null;
        }
    }
}
