using System.Text.Json.Nodes;
using Hone.Text;

namespace Hone.Evaluation;

/// <summary>What a model is asked: a text to go on with, or a conversation in which the assistant speaks next.</summary>
public sealed record ModelPrompt
{
    private ModelPrompt(string? text, IReadOnlyList<ChatMessage>? messages, string assistantPrefix) =>
        (Text, Messages, AssistantPrefix) = (text, messages, assistantPrefix);

    /// <summary>The text to go on with; null for a conversation.</summary>
    public string? Text { get; }

    /// <summary>The conversation, its last turn not the assistant's; null for a text.</summary>
    public IReadOnlyList<ChatMessage>? Messages { get; }

    /// <summary>How the assistant's turn begins; the answer goes on after it. Empty for a turn of its own.</summary>
    public string AssistantPrefix { get; }

    public static ModelPrompt Of(string text) => new(text, null, "");

    public static ModelPrompt Of(IReadOnlyList<ChatMessage> messages, string assistantPrefix = "") => new(null, messages, assistantPrefix);

    /// <summary>The prompt as JSON: the text itself, or the list of messages, the assistant's beginning last.</summary>
    public JsonNode ToJson()
    {
        if (Messages is null) return JsonValue.Create(Text!);
        var list = new JsonArray([.. Messages.Select(m => new JsonObject { ["role"] = m.Role, ["content"] = m.Content })]);
        if (AssistantPrefix.Length > 0)
            list.Add(new JsonObject { ["role"] = "assistant", ["content"] = AssistantPrefix, ["prefix"] = true });
        return list;
    }
}
