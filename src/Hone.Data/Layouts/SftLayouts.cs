using System.Text.Json;
using Hone.Text;

namespace Hone.Data;

/// <summary>The layouts of supervised fine-tuning data. The order matters: the first that fits is taken.</summary>
internal static class SftLayouts
{
    public const string PlainText = "plain text";

    /// <summary>Those of conversations, whatever is then made of the messages.</summary>
    public static IReadOnlyList<Layout<List<ChatMessage>>> Conversations { get; } =
    [
        new("messages", [RequiredColumn.List("messages")], ["system", "label", "prompt"], (r, report) => Messages(r, "messages", report)),
        new("ShareGPT", [RequiredColumn.List("conversations")], ["system", "label", "prompt"],
            (r, report) => Messages(r, "conversations", report)) { Without = "chosen" },
        new("Alpaca", [RequiredColumn.Text("instruction"), RequiredColumn.Text("output")], ["input", "system"], (r, _) => Alpaca(r)),
        new("prompt and completion",
            [new("prompt", JsonValueKind.String, JsonValueKind.Array), new("completion", JsonValueKind.String, JsonValueKind.Array)],
            ["system", "label"], (r, _) => Completion(r)),
    ];

    public static IReadOnlyList<Layout<SftRow>> All { get; } =
    [
        .. Conversations.Select(layout => layout.As<SftRow>("", (record, messages, _) => Conversation(record, messages))),
        new(PlainText, [RequiredColumn.Text("text")], [], (r, _) => Text(r)) { Without = "role" },
    ];

    private static Parsed<List<ChatMessage>> Messages(DataRecord record, string column, DataReport report)
    {
        List<ChatMessage> messages = ChatColumn.Messages(record, column);
        ChatColumn.CountContradiction(record, messages, report);
        return ChatColumn.WithSystem(record, messages);
    }

    private static Parsed<SftRow> Conversation(DataRecord record, List<ChatMessage> messages)
    {
        if (record.Flag("label") == false) return DropReason.LabelledBad;
        bool answered = false;
        foreach (ChatMessage message in messages.Where(m => m.Role == "assistant"))
        {
            if (string.IsNullOrWhiteSpace(message.Content)) return DropReason.EmptyAnswer;
            answered = true;
        }
        return answered ? new Conversation(messages) : DropReason.NoAssistantTurn;
    }

    private static Parsed<List<ChatMessage>> Alpaca(DataRecord record)
    {
        List<ChatMessage> prompt = ChatColumn.Instruction(record);
        if (string.IsNullOrWhiteSpace(prompt[^1].Content)) return DropReason.EmptyPrompt;
        return (List<ChatMessage>)[.. prompt, ChatMessage.Assistant(record.Text("output"))];
    }

    /// <summary>TRL's prompt-completion rows, and KTO's, whose label says which of them are good.</summary>
    private static Parsed<List<ChatMessage>> Completion(DataRecord record)
    {
        List<ChatMessage> prompt = ChatColumn.MessagesOrText(record, "prompt");
        if (prompt.Count == 0 || string.IsNullOrWhiteSpace(prompt[^1].Content)) return DropReason.EmptyPrompt;
        List<ChatMessage> completion = record.Has("completion", JsonValueKind.String)
            ? [ChatMessage.Assistant(record.Text("completion"))] : ChatColumn.Messages(record, "completion");
        return ChatColumn.WithSystem(record, [.. prompt, .. completion]);
    }

    private static Parsed<SftRow> Text(DataRecord record)
    {
        string text = record.Text("text");
        return string.IsNullOrWhiteSpace(text) ? DropReason.EmptyAnswer : new TextRow(text);
    }
}
