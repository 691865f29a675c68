using System.Text.Json;
using Hone.Text;

namespace Hone.Data;

/// <summary>The layouts of supervised fine-tuning data. The order matters: the first that fits is taken.</summary>
internal static class SftLayouts
{
    public const string PlainText = "plain text";

    public static IReadOnlyList<Layout<SftRow>> All { get; } =
    [
        new("messages", [RequiredColumn.List("messages")], ["system", "label"], (r, _) => Conversation(r, ChatColumn.Messages(r, "messages"))),
        new("ShareGPT", [RequiredColumn.List("conversations")], ["system", "label"],
            (r, _) => Conversation(r, ChatColumn.Messages(r, "conversations"))) { Without = "chosen" },
        new("Alpaca", [RequiredColumn.Text("instruction"), RequiredColumn.Text("output")], ["input", "system"], (r, _) => Alpaca(r)),
        new(PlainText, [RequiredColumn.Text("text")], [], (r, _) => Text(r)) { Without = "role" },
    ];

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

    private static Parsed<SftRow> Text(DataRecord record)
    {
        string text = record.Text("text");
        return string.IsNullOrWhiteSpace(text) ? DropReason.EmptyAnswer : new TextRow(text);
    }
}
