using Hone.Text;

namespace Hone.Data;

/// <summary>A prompt with one answer that the data calls good or bad.</summary>
internal sealed record LabelledAnswer(IReadOnlyList<ChatMessage> Prompt, string Answer, bool Good);

/// <summary>
/// Answers that are labelled good or bad one by one, as KTO has them (<c>prompt</c>, <c>completion</c>, <c>label</c>, or
/// <c>messages</c> and <c>label</c>). Those of the same prompt are paired, a good with a bad one, in the order in which they come.
/// </summary>
internal static class LabelledAnswers
{
    public const string LayoutName = "preferences as labelled answers, paired by prompt";

    private static readonly IReadOnlyList<Layout<List<ChatMessage>>> s_layouts =
        [.. SftLayouts.Conversations.Where(l => l.Optional.Contains("label"))];

    public static bool Are(DataRecord record) => record.Flag("label") is not null && s_layouts.Any(l => l.Fits(record));

    /// <summary>The pairs; an answer without a counterpart is dropped and counted.</summary>
    public static IEnumerable<Preference> Pair(IEnumerable<DataRecord> records, DataReport report)
    {
        var waiting = new Dictionary<UInt128, (Queue<string> Good, Queue<string> Bad)>();
        report.Layout = LayoutName;
        foreach ((IReadOnlyList<ChatMessage> prompt, string answer, bool good) in Read(records, report))
        {
            UInt128 key = PromptKey.HashOf(prompt);
            if (!waiting.TryGetValue(key, out (Queue<string> Good, Queue<string> Bad) same)) waiting[key] = same = (new(), new());
            if (!(good ? same.Bad : same.Good).TryDequeue(out string? other))
            {
                (good ? same.Good : same.Bad).Enqueue(answer);
                continue;
            }
            (string chosen, string rejected) = good ? (answer, other) : (other, answer);
            bool equal = chosen.AsSpan().Trim().SequenceEqual(rejected.AsSpan().Trim());
            for (int row = 0; row < 2; row++)
            {
                if (equal) report.Drop(DropReason.ChosenEqualsRejected);
                else report.Keep();
            }
            if (!equal) yield return new Preference(prompt, chosen, rejected);
        }
        foreach ((Queue<string> good, Queue<string> bad) in waiting.Values)
            for (int i = 0; i < good.Count + bad.Count; i++) report.Drop(DropReason.NoCounterpart);
    }

    /// <summary>The answers as they come, each by itself.</summary>
    public static IEnumerable<LabelledAnswer> Single(IEnumerable<DataRecord> records, DataReport report)
    {
        report.Layout = "labelled answers";
        foreach (LabelledAnswer answer in Read(records, report))
        {
            report.Keep();
            yield return answer;
        }
    }

    private static IEnumerable<LabelledAnswer> Read(IEnumerable<DataRecord> records, DataReport report)
    {
        foreach (DataRecord record in records)
        {
            Layout<List<ChatMessage>> layout = s_layouts.FirstOrDefault(l => l.Fits(record))
                ?? throw record.Wrong("the row is no labelled answer (prompt, completion and label, or messages and label)",
                    "Put each layout into a file of its own.");
            if (record.Flag("label") is not { } good) throw record.Wrong("`label` is neither true nor false");
            Parsed<List<ChatMessage>> parsed = layout.Parse(record, report);
            if (parsed.Row is not { } messages) report.Drop(parsed.Drop!);
            else if (messages is not [.., { Role: "assistant" } answer]) report.Drop(DropReason.NoAssistantTurn);
            else if (string.IsNullOrWhiteSpace(answer.Content)) report.Drop(DropReason.EmptyAnswer);
            else yield return new LabelledAnswer(messages[..^1], answer.Content, good);
        }
    }
}
