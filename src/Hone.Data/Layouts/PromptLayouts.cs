using System.Text.Json;
using Hone.Text;

namespace Hone.Data;

/// <summary>The layouts of prompts. The order matters: the first that fits is taken.</summary>
internal static class PromptLayouts
{
    public const string PromptColumn = "prompts as prompt";

    /// <summary>Rows that hold prompts and nothing else that is read.</summary>
    public static IReadOnlyList<Layout<PromptRow>> Own { get; } =
    [
        new("prompts as context_messages", [RequiredColumn.List("context_messages")], ["system"],
            (r, report) => Make(ChatColumn.WithSystem(r, ChatColumn.Messages(r, "context_messages")), report)),
        .. SftLayouts.Conversations.Where(l => l.Name == "messages").Select(Of),
        new(PromptColumn, [new("prompt", JsonValueKind.String, JsonValueKind.Array)], ["system"],
            (r, report) => Make(ChatColumn.WithSystem(r, ChatColumn.MessagesOrText(r, "prompt")), report)),
    ];

    /// <summary>And the prompts of rows that hold answers too: every row that is learnt from can be sampled from.</summary>
    public static IReadOnlyList<Layout<PromptRow>> All { get; } =
    [
        .. Own,
        .. SftLayouts.Conversations.Where(l => l.Name is not ("messages" or "prompt and completion"))
            .Select(l => Of(l) with { Listed = false }),
        .. PreferenceLayouts.Answers.Where(l => l.Required[0].Name != "prompt")
            .Select(l => l.As("prompts of ", (_, answers, report) => Make(answers.Prompt, report)) with { Listed = false }),
    ];

    private static Layout<PromptRow> Of(Layout<List<ChatMessage>> layout) =>
        layout.As("prompts as ", (_, messages, report) => Make(messages, report));

    private static Parsed<PromptRow> Make(List<ChatMessage> messages, DataReport report)
    {
        int end = messages.FindLastIndex(m => m.Role != "assistant") + 1;
        if (end == 0 || messages[end - 1] is { Role: "system" }) return DropReason.EmptyPrompt;
        if (string.IsNullOrWhiteSpace(messages[end - 1].Content)) return DropReason.EmptyPrompt;
        if (end < messages.Count) report.Change(DropReason.AnswerLeftOut);
        return new PromptRow(messages[..end]);
    }
}
