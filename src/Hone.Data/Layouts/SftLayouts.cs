using System.Text.Json;
using Hone.Text;

namespace Hone.Data;

/// <summary>The layouts of supervised fine-tuning data. The order matters: the first that fits is taken.</summary>
internal static class SftLayouts
{
    public const string PlainText = "plain text";

    public static IReadOnlyList<Layout<SftRow>> All { get; } =
    [
        new("messages", [RequiredColumn.List("messages")], ["system", "label", "prompt"],
            (r, report) => Conversation(r, ChatColumn.Messages(r, "messages"), report)),
        new("ShareGPT", [RequiredColumn.List("conversations")], ["system", "label", "prompt"],
            (r, report) => Conversation(r, ChatColumn.Messages(r, "conversations"), report)) { Without = "chosen" },
        new("Alpaca", [RequiredColumn.Text("instruction"), RequiredColumn.Text("output")], ["input", "system"], (r, _) => Alpaca(r)),
        new("prompt and completion",
            [new("prompt", JsonValueKind.String, JsonValueKind.Array), new("completion", JsonValueKind.String, JsonValueKind.Array)],
            ["system", "label"], (r, _) => Completion(r)),
        new(PlainText, [RequiredColumn.Text("text")], [], (r, _) => Text(r)) { Without = "role" },
    ];

    private static Parsed<SftRow> Conversation(DataRecord record, List<ChatMessage> messages, DataReport report)
    {
        ChatColumn.CountContradiction(record, messages, report);
        return Conversation(record, messages);
    }

    private static Parsed<SftRow> Conversation(DataRecord record, List<ChatMessage> messages)
    {
        if (record.Has("label", JsonValueKind.False)) return DropReason.LabelledBad;
        bool answered = false;
        foreach (ChatMessage message in messages.Where(m => m.Role == "assistant"))
        {
            if (string.IsNullOrWhiteSpace(message.Content)) return DropReason.EmptyAnswer;
            answered = true;
        }
        return answered ? new Conversation(ChatColumn.WithSystem(record, messages)) : DropReason.NoAssistantTurn;
    }

    /// <summary>The input, where there is one, follows the instruction on a line of its own.</summary>
    private static Parsed<SftRow> Alpaca(DataRecord record)
    {
        string instruction = record.Text("instruction");
        string? input = record.OptionalText("input");
        string user = string.IsNullOrWhiteSpace(input) ? instruction : $"{instruction}\n{input}";
        if (string.IsNullOrWhiteSpace(user)) return DropReason.EmptyPrompt;
        return Conversation(record, [ChatMessage.User(user), ChatMessage.Assistant(record.Text("output"))]);
    }

    /// <summary>TRL's prompt-completion rows, and KTO's, whose label says which of them are good.</summary>
    private static Parsed<SftRow> Completion(DataRecord record)
    {
        List<ChatMessage> prompt = ChatColumn.MessagesOrText(record, "prompt");
        if (prompt.Count == 0 || string.IsNullOrWhiteSpace(prompt[^1].Content)) return DropReason.EmptyPrompt;
        List<ChatMessage> completion = record.Has("completion", JsonValueKind.String)
            ? [ChatMessage.Assistant(record.Text("completion"))] : ChatColumn.Messages(record, "completion");
        return Conversation(record, [.. prompt, .. completion]);
    }

    private static Parsed<SftRow> Text(DataRecord record)
    {
        string text = record.Text("text");
        return string.IsNullOrWhiteSpace(text) ? DropReason.EmptyAnswer : new TextRow(text);
    }
}
