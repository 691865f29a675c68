using System.Text.Json;
using Hone.Text;

namespace Hone.Data;

/// <summary>The layouts of preferences. The order matters: the first that fits is taken.</summary>
internal static class PreferenceLayouts
{
    private static readonly string[] s_chosenScores = ["chosen_score", "score_chosen", "reward_chosen"];
    private static readonly string[] s_rejectedScores = ["rejected_score", "score_rejected", "reward_rejected"];
    private static readonly string[] s_scores = [.. s_chosenScores, .. s_rejectedScores, "margin"];

    public static IReadOnlyList<Layout<Preference>> All { get; } =
    [
        new("preferences as ShareGPT conversations",
            [RequiredColumn.List("conversations"), new("chosen", JsonValueKind.Object), new("rejected", JsonValueKind.Object)],
            ["system", .. s_scores], (r, _) => ShareGpt(r)),
        new("preferences as message lists", [RequiredColumn.List("chosen"), RequiredColumn.List("rejected")],
            ["prompt", .. s_scores], MessageLists),
        new("preferences as prompt and answers",
            [new("prompt", JsonValueKind.String, JsonValueKind.Array), RequiredColumn.Text("chosen"), RequiredColumn.Text("rejected")],
            s_scores, (r, _) => Make(r, ChatColumn.MessagesOrText(r, "prompt"), r.Text("chosen"), r.Text("rejected"))),
        new("preferences as hh-rlhf transcripts", [RequiredColumn.Text("chosen"), RequiredColumn.Text("rejected")],
            s_scores, (r, _) => Transcripts(r)) { Without = "prompt", Also = r => !r.IsNull("prompt") || Transcript.Is(r.Text("chosen")) },
        new("preferences as Stack Exchange pairs",
            [RequiredColumn.Text("question"), RequiredColumn.Text("response_j"), RequiredColumn.Text("response_k")],
            s_scores, (r, _) => Make(r, [ChatMessage.User(r.Text("question"))], r.Text("response_j"), r.Text("response_k"))),
    ];

    private static Parsed<Preference> ShareGpt(DataRecord record)
    {
        List<ChatMessage> prompt = ChatColumn.WithSystem(record, ChatColumn.Messages(record, "conversations"));
        return Make(record, prompt, Answer("chosen"), Answer("rejected"));

        string Answer(string column)
        {
            ChatMessage message = ChatColumn.Message(record, record.Require(column), $"`{column}`");
            RequireAssistant(record, message, column);
            return message.Content;
        }
    }

    private static Parsed<Preference> MessageLists(DataRecord record, DataReport report)
    {
        (List<ChatMessage> chosenPrompt, string chosen) = Split(record, "chosen");
        (List<ChatMessage> rejectedPrompt, string rejected) = Split(record, "rejected");
        if (!chosenPrompt.SequenceEqual(rejectedPrompt)) return DropReason.PromptsDiffer;
        ChatColumn.CountContradiction(record, chosenPrompt, report);
        return Make(record, chosenPrompt, chosen, rejected);
    }

    /// <summary>A list that holds nothing but answers continues the <c>prompt</c> column.</summary>
    private static (List<ChatMessage> Prompt, string Answer) Split(DataRecord record, string column)
    {
        List<ChatMessage> messages = ChatColumn.Messages(record, column);
        if (messages.Count == 0) throw record.Wrong($"`{column}` has no messages");
        RequireAssistant(record, messages[^1], column);
        List<ChatMessage> prompt = messages[..^1];
        if (prompt.All(m => m.Role == "assistant"))
        {
            if (!record.Has("prompt"))
            {
                throw record.Wrong(
                    $"`{column}` holds the answer only, and there is no `prompt`",
                    "Add the prompt's messages in front, or a column `prompt`.");
            }
            prompt = [.. ChatColumn.MessagesOrText(record, "prompt"), .. prompt];
        }
        return (prompt, messages[^1].Content);
    }

    private static Parsed<Preference> Transcripts(DataRecord record)
    {
        (List<ChatMessage> chosenPrompt, string chosen) = Split("chosen");
        (List<ChatMessage> rejectedPrompt, string rejected) = Split("rejected");
        return chosenPrompt.SequenceEqual(rejectedPrompt)
            ? Make(record, chosenPrompt, chosen, rejected)
            : DropReason.PromptsDiffer;

        (List<ChatMessage> Prompt, string Answer) Split(string column)
        {
            List<ChatMessage> messages = Transcript.Parse(record.Text(column)) ?? throw record.Wrong(
                $"`{column}` is not a transcript (it does not begin with a blank line and `Human:`), and there is no `prompt`",
                "Add a column `prompt`, or write both answers as transcripts.");
            RequireAssistant(record, messages[^1], column);
            return (messages[..^1], messages[^1].Content);
        }
    }

    private static Parsed<Preference> Make(DataRecord record, List<ChatMessage> prompt, string chosen, string rejected)
    {
        if (prompt.Count == 0 || string.IsNullOrWhiteSpace(prompt[^1].Content)) return DropReason.EmptyPrompt;
        if (string.IsNullOrWhiteSpace(chosen) || string.IsNullOrWhiteSpace(rejected)) return DropReason.EmptyAnswer;
        if (chosen.AsSpan().Trim().SequenceEqual(rejected.AsSpan().Trim())) return DropReason.ChosenEqualsRejected;
        return new Preference(prompt, chosen, rejected, Score(record, s_chosenScores), Score(record, s_rejectedScores),
            record.OptionalNumber("margin"));
    }

    private static double? Score(DataRecord record, string[] columns) =>
        columns.FirstOrDefault(record.Has) is { } column ? record.OptionalNumber(column) : null;

    private static void RequireAssistant(DataRecord record, ChatMessage message, string column)
    {
        if (message.Role != "assistant")
            throw record.Wrong($"`{column}` ends with a message of the {message.Role}, not with the assistant's answer");
    }
}
