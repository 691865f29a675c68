using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Hone.Text.Chat;

/// <summary>
/// A message's content as a list of parts, as OpenAI's API and multimodal data sets have it:
/// <c>[{"type": "text", "text": "..."}]</c>. Templates written for texts would print such a list as Python does.
/// </summary>
internal static class ContentParts
{
    private static readonly ConditionalWeakTable<ChatTemplate, object> s_takesParts = [];

    /// <summary>The texts of all parts, each on a line of its own, as vLLM and llama.cpp join them.</summary>
    /// <param name="parts">A list.</param>
    /// <param name="what">Names the list in messages.</param>
    /// <exception cref="InputException">A part is not text; its type is named.</exception>
    public static string Flatten(JsonElement parts, string what)
    {
        List<string> texts = [];
        foreach (JsonElement part in parts.EnumerateArray())
        {
            string name = $"part {texts.Count + 1} of {what}";
            if (part.ValueKind != JsonValueKind.Object || !part.TryGetProperty("type", out JsonElement type)
                || type.ValueKind != JsonValueKind.String)
                throw new InputException($"{name} has no `type`", fix: "A content part is {\"type\": \"text\", \"text\": \"...\"}.");
            if (!type.ValueEquals("text"))
                throw new InputException($"{name} is of type `{Unicode(type, name)}`: only parts of type `text` can be read");
            if (!part.TryGetProperty("text", out JsonElement text) || text.ValueKind != JsonValueKind.String)
                throw new InputException($"{name} has no text in `text`");
            texts.Add(Unicode(text, name));
        }
        return string.Join('\n', texts);
    }

    /// <summary>
    /// Messages as the template can take them: where it reads parts itself they stay, else lists of parts become texts.
    /// Parts that are not text are refused either way, for the models here read text.
    /// </summary>
    internal static IReadOnlyList<IReadOnlyDictionary<string, object?>> Fit(
        IReadOnlyList<IReadOnlyDictionary<string, object?>> messages, ChatTemplate template)
    {
        if (!messages.Any(m => IsList(m.GetValueOrDefault("content")))) return messages;
        bool stay = (bool)s_takesParts.GetValue(template, TakesParts);
        return [.. messages.Select((message, i) =>
        {
            if (!IsList(message.GetValueOrDefault("content"))) return message;
            string text = Flatten(JsonSerializer.SerializeToElement(message["content"]), $"messages[{i}].content");
            return stay ? message : new Dictionary<string, object?>(message, StringComparer.Ordinal) { ["content"] = text };
        })];
    }

    private static bool IsList(object? content) =>
        content is JsonElement { ValueKind: JsonValueKind.Array } or IEnumerable<object?>;

    // Told by trying: a template that reads parts prints the text, one that does not fails or prints the list.
    private static object TakesParts(ChatTemplate template)
    {
        const string Text = "the text of a part";
        var part = new Dictionary<string, object?> { ["type"] = "text", ["text"] = Text };
        var message = new Dictionary<string, object?> { ["role"] = "user", ["content"] = new List<object?> { part } };
        try
        {
            string rendered = template.Render(new Dictionary<string, object?>
            {
                ["messages"] = new List<object?> { message },
                ["add_generation_prompt"] = false,
                ["tools"] = null,
                ["documents"] = null,
            });
            return rendered.Contains(Text, StringComparison.Ordinal) && !rendered.Contains($"'{Text}'", StringComparison.Ordinal)
                && !rendered.Contains($"\"{Text}\"", StringComparison.Ordinal);
        }
        catch (InputException)
        {
            return false;
        }
    }

    private static string Unicode(JsonElement text, string what)
    {
        try
        {
            return text.GetString()!;
        }
        catch (InvalidOperationException e)
        {
            throw new InputException($"{what} holds half of a surrogate pair (a broken \\u escape)", inner: e);
        }
    }
}
