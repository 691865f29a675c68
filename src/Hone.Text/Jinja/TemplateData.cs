using System.Numerics;
using System.Text.Json;

namespace Hone.Text.Jinja;

/// <summary>Values from outside as values of a template. Only plain data passes: text, numbers, lists, maps, JSON.</summary>
internal static class TemplateData
{
    // Far above any real conversation, far below what the stack holds.
    private const int MaxDepth = 200;

    public static object? From(object? value) => From(value, 0);

    private static object? From(object? value, int depth)
    {
        Check(depth);
        return value switch
        {
            null or bool or string or long or double => value,
            BigInteger whole => PythonInteger.Of(whole),
            int number => (long)number,
            float number => (double)number,
            JsonElement json => From(Plain(json), depth + 1),
            ChatMessage message => FromMessage(message),
            IReadOnlyDictionary<string, object?> map => FromPairs(map, depth),
            IEnumerable<object?> list => new JinjaList([.. list.Select(item => From(item, depth + 1))]),
            _ => throw new ArgumentException($"a chat template cannot take a {value.GetType().Name}", nameof(value)),
        };
    }

    /// <summary>JSON as plain data: the same values without the document they are read from.</summary>
    public static object? Plain(JsonElement json)
    {
        Budget.EnsureStack();
        try
        {
            return Read(json);
        }
        catch (InvalidOperationException error)
        {
            throw new InputException("a text holds half of a surrogate pair (a broken \\u escape)", inner: error);
        }
    }

    private static object? Read(JsonElement json)
    {
        return json.ValueKind switch
        {
            JsonValueKind.Object =>
                json.EnumerateObject().GroupBy(p => p.Name).ToDictionary(g => g.Key, g => Plain(g.Last().Value), StringComparer.Ordinal),
            JsonValueKind.Array => json.EnumerateArray().Select(Plain).ToList(),
            JsonValueKind.String => json.GetString(),
            JsonValueKind.Number => json.TryGetInt64(out long whole) ? whole : Number(json.GetRawText()),
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => (object?)null,
        };
    }

    // As Python's json reads it: digits alone are an integer of any size.
    private static object Number(string text) =>
        PythonInteger.Parse(text)
            ?? double.Parse(text, System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Every text in plain data, keys included.</summary>
    public static List<string> Texts(object? value)
    {
        List<string> texts = [];
        AddTexts(value, texts, 0);
        return texts;
    }

    private static void AddTexts(object? value, List<string> texts, int depth)
    {
        Check(depth);
        switch (value)
        {
            case string text:
                texts.Add(text);
                break;
            case JsonElement json:
                AddTexts(Plain(json), texts, depth + 1);
                break;
            case IReadOnlyDictionary<string, object?> map:
                foreach ((string key, object? item) in map)
                {
                    texts.Add(key);
                    AddTexts(item, texts, depth + 1);
                }
                break;
            case IEnumerable<object?> list:
                foreach (object? item in list) AddTexts(item, texts, depth + 1);
                break;
        }
    }

    private static void Check(int depth)
    {
        if (depth > MaxDepth) throw new JinjaException($"the data of the conversation nest deeper than {MaxDepth}");
    }

    private static JinjaDict FromMessage(ChatMessage message)
    {
        JinjaDict dict = new();
        dict.Set("role", message.Role);
        dict.Set("content", message.Content);
        return dict;
    }

    private static JinjaDict FromPairs(IEnumerable<KeyValuePair<string, object?>> pairs, int depth)
    {
        JinjaDict dict = new();
        foreach ((string key, object? value) in pairs) dict.Set(key, From(value, depth + 1));
        return dict;
    }
}
