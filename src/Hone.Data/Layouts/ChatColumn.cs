using System.Text.Json;
using Hone.Text;
using Hone.Text.Chat;

namespace Hone.Data;

/// <summary>
/// Reads messages: objects with <c>role</c> and <c>content</c>, or ShareGPT's <c>from</c> and <c>value</c>.
/// </summary>
internal static class ChatColumn
{
    public static List<ChatMessage> Messages(DataRecord record, string column) => Messages(record, record.Require(column), column);

    public static List<ChatMessage> Messages(DataRecord record, JsonElement list, string column)
    {
        List<ChatMessage> messages = [];
        foreach (JsonElement item in list.EnumerateArray())
            messages.Add(Message(record, item, $"message {messages.Count + 1} of `{column}`"));
        return messages;
    }

    /// <summary>A list of messages, or text that stands for one message of the user.</summary>
    public static List<ChatMessage> MessagesOrText(DataRecord record, string column) =>
        record.Has(column, JsonValueKind.String) ? [ChatMessage.User(record.Text(column))] : Messages(record, column);

    public static ChatMessage Message(DataRecord record, JsonElement item, string what)
    {
        if (item.ValueKind != JsonValueKind.Object)
            throw record.Wrong($"{what} is {DataRecord.Name(item.ValueKind)}, not an object with role and content");
        string role = Field(record, item, "role", "from", what);
        return new ChatMessage(Role(record, role, what), Field(record, item, "content", "value", what));
    }

    /// <summary>Puts the text of a <c>system</c> column, where there is one, in front of messages that have no system prompt.</summary>
    public static List<ChatMessage> WithSystem(DataRecord record, List<ChatMessage> messages)
    {
        string? system = record.OptionalText("system");
        return string.IsNullOrWhiteSpace(system) || messages is [{ Role: "system" }, ..] ? messages
            : [ChatMessage.System(system), .. messages];
    }

    /// <summary>Alpaca's question: the input, where there is one, follows the instruction on a line of its own.</summary>
    public static List<ChatMessage> Instruction(DataRecord record)
    {
        string instruction = record.Text("instruction");
        string? input = record.OptionalText("input");
        return WithSystem(record, [ChatMessage.User(string.IsNullOrWhiteSpace(input) ? instruction : $"{instruction}\n{input}")]);
    }

    /// <summary>
    /// Counts a row whose <c>prompt</c> column says something else than its messages do: the messages hold. It may repeat any
    /// turn that is not the assistant's.
    /// </summary>
    public static void CountContradiction(DataRecord record, List<ChatMessage> messages, DataReport report)
    {
        if (!record.Has("prompt", JsonValueKind.String)) return;
        string prompt = record.Text("prompt").Trim();
        if (prompt.Length > 0 && messages.All(m => m.Role == "assistant" || m.Content.Trim() != prompt))
            report.Change(DropReason.PromptColumnDiffers);
    }

    private static string Field(DataRecord record, JsonElement item, string name, string other, string what)
    {
        if (!item.TryGetProperty(name, out JsonElement value) && !item.TryGetProperty(other, out value))
            throw record.Wrong($"{what} has no `{name}`", $"It has {DataRecord.List(item.EnumerateObject().Select(p => p.Name))}.");
        if (value.ValueKind == JsonValueKind.Array && name == "content") return Parts(record, value, $"`{name}` in {what}");
        return value.ValueKind == JsonValueKind.String
            ? record.Text(value, $"`{name}` in {what}")
            : throw record.Wrong($"`{name}` in {what} is {DataRecord.Name(value.ValueKind)}, not text");
    }

    private static string Parts(DataRecord record, JsonElement parts, string what)
    {
        try
        {
            return ContentParts.Flatten(parts, what);
        }
        catch (InputException e)
        {
            throw new InputException(e.Message, record.Where, inner: e);
        }
    }

    private static string Role(DataRecord record, string role, string what) => role.ToLowerInvariant() switch
    {
        "user" or "human" or "prompter" => "user",
        "assistant" or "gpt" or "chatgpt" or "model" => "assistant",
        "system" => "system",
        "tool" or "observation" or "function" or "ipython" => "tool",
        _ => throw record.Wrong($"{what} has the role `{role}`",
            "Roles are user (human, prompter), assistant (gpt, chatgpt, model), system, tool (observation, function, ipython)."),
    };
}
