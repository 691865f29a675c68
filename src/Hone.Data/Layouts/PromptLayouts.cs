using System.Text.Json;
using Hone.Text;

namespace Hone.Data;

/// <summary>The layouts of prompts. The order matters: the first that fits is taken.</summary>
internal static class PromptLayouts
{
    public const string PromptColumn = "prompts as prompt";

    public static IReadOnlyList<Layout<PromptRow>> All { get; } =
    [
        new("prompts as context_messages", [RequiredColumn.List("context_messages")], [],
            (r, report) => Make(ChatColumn.Messages(r, "context_messages"), report)),
        new("prompts as messages", [RequiredColumn.List("messages")], ["system", "prompt"],
            Messages),
        new(PromptColumn, [new("prompt", JsonValueKind.String, JsonValueKind.Array)], [],
            (r, report) => Make(ChatColumn.MessagesOrText(r, "prompt"), report)),
    ];

    private static Parsed<PromptRow> Messages(DataRecord record, DataReport report)
    {
        List<ChatMessage> messages = ChatColumn.Messages(record, "messages");
        ChatColumn.CountContradiction(record, messages, report);
        return Make(ChatColumn.WithSystem(record, messages), report);
    }

    private static Parsed<PromptRow> Make(List<ChatMessage> messages, DataReport report)
    {
        int end = messages.FindLastIndex(m => m.Role != "assistant") + 1;
        if (end == 0 || messages[end - 1] is { Role: "system" }) return DropReason.EmptyPrompt;
        if (string.IsNullOrWhiteSpace(messages[end - 1].Content)) return DropReason.EmptyPrompt;
        if (end < messages.Count) report.Change(DropReason.AnswerLeftOut);
        return new PromptRow(messages[..end]);
    }
}
