using System.Text.Json;
using Hone.Text;

namespace Hone.Data;

/// <summary>A prompt and two answers, the better one first, as a row has them.</summary>
internal sealed record ComparedAnswers(List<ChatMessage> Prompt, string Chosen, string Rejected);

/// <summary>The layouts of preferences. The order matters: the first that fits is taken.</summary>
internal static class PreferenceLayouts
{
    private static readonly string[] s_chosenScores = ["chosen_score", "score_chosen", "reward_chosen"];
    private static readonly string[] s_rejectedScores = ["rejected_score", "score_rejected", "reward_rejected"];
    private static readonly string[] s_prompts = ["prompt", "question", "instruction"];
    private static readonly string[] s_scores = [.. s_chosenScores, .. s_rejectedScores, "margin"];

    /// <summary>Those of compared answers, whatever is then made of them.</summary>
    public static IReadOnlyList<Layout<ComparedAnswers>> Answers { get; } =
    [
        new("preferences as ShareGPT conversations",
            [RequiredColumn.List("conversations"), new("chosen", JsonValueKind.Object), new("rejected", JsonValueKind.Object)],
            ["system", .. s_scores], (r, _) => ShareGpt(r)),
        new("preferences as OpenAI writes them",
            [new("input", JsonValueKind.Object), RequiredColumn.List("preferred_output"), RequiredColumn.List("non_preferred_output")],
            ["system", .. s_scores], (r, _) => OpenAI(r)),
        new("preferences as message lists", [RequiredColumn.List("chosen"), RequiredColumn.List("rejected")],
            ["prompt", "system", .. s_scores], MessageLists),
        new("preferences as prompt and answers",
            [new("prompt", JsonValueKind.String, JsonValueKind.Array), RequiredColumn.Text("chosen"), RequiredColumn.Text("rejected")],
            ["system", .. s_scores], (r, _) => Texts(r, ChatColumn.MessagesOrText(r, "prompt"))),
        new("preferences as question and answers",
            [RequiredColumn.Text("question"), RequiredColumn.Text("chosen"), RequiredColumn.Text("rejected")],
            ["system", .. s_scores], (r, _) => Texts(r, [ChatMessage.User(r.Text("question"))])),
        new("preferences as instruction and answers",
            [RequiredColumn.Text("instruction"), RequiredColumn.Text("chosen"), RequiredColumn.Text("rejected")],
            ["input", "system", .. s_scores], (r, _) => Texts(r, ChatColumn.Instruction(r))),
        new("preferences as instruction and ranked output", [RequiredColumn.Text("instruction"), RequiredColumn.List("output")],
            ["input", "system", .. s_scores], (r, _) => Ranked(r)),
        new("preferences as hh-rlhf transcripts", [RequiredColumn.Text("chosen"), RequiredColumn.Text("rejected")],
            s_scores, (r, _) => Transcripts(r)) { Without = "prompt", Also = r => !HasPrompt(r) && Transcript.Is(r.Text("chosen")) },
        new("preferences as texts with a common beginning", [RequiredColumn.Text("chosen"), RequiredColumn.Text("rejected")],
            ["system", .. s_scores], (r, _) => CommonBeginning(r)) { Without = "prompt", Also = r => !HasPrompt(r) },
        new("preferences as Stack Exchange pairs",
            [RequiredColumn.Text("question"), RequiredColumn.Text("response_j"), RequiredColumn.Text("response_k")],
            ["system", .. s_scores],
            (r, _) => new ComparedAnswers(ChatColumn.WithSystem(r, [ChatMessage.User(r.Text("question"))]),
                r.Text("response_j"), r.Text("response_k"))),
    ];

    public static IReadOnlyList<Layout<Preference>> All { get; } =
        [.. Answers.Select(layout => layout.As("", (record, answers, _) => Make(record, answers)))];

    /// <summary>A prompt in a column of its own; one that is null is a row without a prompt, not of another layout.</summary>
    private static bool HasPrompt(DataRecord record) => s_prompts.Any(column => record.Has(column) || record.IsNull(column));

    private static Parsed<ComparedAnswers> Texts(DataRecord record, List<ChatMessage> prompt) =>
        new ComparedAnswers(ChatColumn.WithSystem(record, prompt), record.Text("chosen"), record.Text("rejected"));

    private static Parsed<ComparedAnswers> ShareGpt(DataRecord record)
    {
        List<ChatMessage> prompt = ChatColumn.WithSystem(record, ChatColumn.Messages(record, "conversations"));
        return new ComparedAnswers(prompt, Answer("chosen"), Answer("rejected"));

        string Answer(string column)
        {
            ChatMessage message = ChatColumn.Message(record, record.Require(column), $"`{column}`");
            RequireAssistant(record, message, column);
            return message.Content;
        }
    }

    /// <summary><c>{"input": {"messages": [...]}, "preferred_output": [message], "non_preferred_output": [message]}</c></summary>
    private static Parsed<ComparedAnswers> OpenAI(DataRecord record)
    {
        if (!record.Require("input").TryGetProperty("messages", out JsonElement messages) || messages.ValueKind != JsonValueKind.Array)
            throw record.Wrong("`input` has no list `messages`");
        List<ChatMessage> prompt = ChatColumn.WithSystem(record, ChatColumn.Messages(record, messages, "input.messages"));
        return new ComparedAnswers(prompt, Answer("preferred_output"), Answer("non_preferred_output"));

        string Answer(string column)
        {
            List<ChatMessage> answer = ChatColumn.Messages(record, column);
            if (answer.Count != 1) throw record.Wrong($"`{column}` has {answer.Count} messages, not one");
            RequireAssistant(record, answer[0], column);
            return answer[0].Content;
        }
    }

    private static Parsed<ComparedAnswers> Ranked(DataRecord record)
    {
        string[] answers = [.. record.Require("output").EnumerateArray().Select((item, i) => item.ValueKind == JsonValueKind.String
            ? record.Text(item, $"`output` {i + 1}")
            : throw record.Wrong($"`output` {i + 1} is {DataRecord.Name(item.ValueKind)}, not text"))];
        return answers.Length == 2
            ? new ComparedAnswers(ChatColumn.Instruction(record), answers[0], answers[1])
            : throw record.Wrong($"`output` has {answers.Length} answers, not two: the better and the worse");
    }

    private static Parsed<ComparedAnswers> MessageLists(DataRecord record, DataReport report)
    {
        (List<ChatMessage> chosenPrompt, string chosen) = Split(record, "chosen");
        (List<ChatMessage> rejectedPrompt, string rejected) = Split(record, "rejected");
        if (!chosenPrompt.SequenceEqual(rejectedPrompt)) return DropReason.PromptsDiffer;
        ChatColumn.CountContradiction(record, chosenPrompt, report);
        return new ComparedAnswers(ChatColumn.WithSystem(record, chosenPrompt), chosen, rejected);
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

    private static Parsed<ComparedAnswers> Transcripts(DataRecord record)
    {
        (List<ChatMessage> chosenPrompt, string chosen) = Split("chosen");
        (List<ChatMessage> rejectedPrompt, string rejected) = Split("rejected");
        return chosenPrompt.SequenceEqual(rejectedPrompt)
            ? new ComparedAnswers(chosenPrompt, chosen, rejected)
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

    /// <summary>
    /// TRL's implicit prompt: what both texts begin with, up to the last white space before they part, so that no word is cut
    /// in two.
    /// </summary>
    private static Parsed<ComparedAnswers> CommonBeginning(DataRecord record)
    {
        string chosen = record.Text("chosen"), rejected = record.Text("rejected");
        int same = chosen.AsSpan().CommonPrefixLength(rejected);
        while (same > 0 && !char.IsWhiteSpace(chosen[same - 1])) same--;
        if (same == 0)
            throw record.Wrong("`chosen` and `rejected` have no common beginning that could be the prompt, and there is no `prompt`",
                "Add a column `prompt`, or name the column that holds it: --map prompt=COLUMN.");
        return new ComparedAnswers(ChatColumn.WithSystem(record, [ChatMessage.User(chosen[..same].Trim())]),
            chosen[same..], rejected[same..]);
    }

    private static Parsed<Preference> Make(DataRecord record, ComparedAnswers answers)
    {
        (List<ChatMessage> prompt, string chosen, string rejected) = answers;
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
