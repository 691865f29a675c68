using Hone.Text;

namespace Hone.Data;

/// <summary>
/// The cleaning rules of the paper (arXiv 2405.07863, appendix B.1) and of its public code (<c>process_pair_data.py</c>),
/// each of which counts what it dropped. The defaults drop pairs of equal scores only: they hold no preference.
/// </summary>
public sealed record Cleaning
{
    /// <summary>Drops pairs whose two scores are equal.</summary>
    public bool EqualScores { get; init; } = true;

    /// <summary>Drops scored pairs whose score difference is below this; null keeps all.</summary>
    public double? MinMargin { get; init; }

    /// <summary>
    /// Drops scored pairs whose better score is less than this many times the worse; the paper takes 2 for SHP. Null
    /// keeps all.
    /// </summary>
    public double? MinScoreRatio { get; init; }

    /// <summary>Keeps the first pairs of each prompt up to this number; the paper takes 5 for SHP. Null keeps all.</summary>
    public int? MaxPairsPerPrompt { get; init; }

    /// <summary>
    /// Drops conversations that do not alternate strictly between user and assistant (after a system message at most), do
    /// not begin with the user, or have an empty turn.
    /// </summary>
    public bool StrictTurns { get; init; }

    /// <summary>The pairs that remain, in order.</summary>
    public IEnumerable<Preference> Apply(IEnumerable<Preference> pairs, DataReport report)
    {
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (Preference pair in pairs)
        {
            if (Reason(pair, seen) is { } reason)
            {
                report.Drop(reason);
                continue;
            }
            report.Keep();
            yield return pair;
        }
    }

    /// <summary>The conversations that remain, in order; texts are none of its business.</summary>
    public IEnumerable<SftRow> Apply(IEnumerable<SftRow> rows, DataReport report)
    {
        foreach (SftRow row in rows)
        {
            if (StrictTurns && row is Conversation conversation && !Alternates(conversation.Messages, lastIsAssistant: true))
            {
                report.Drop(DropReason.TurnsNotAlternating);
                continue;
            }
            report.Keep();
            yield return row;
        }
    }

    private string? Reason(Preference pair, Dictionary<string, int> seen)
    {
        if (pair is { ChosenScore: { } chosen, RejectedScore: { } rejected })
        {
            if (EqualScores && chosen == rejected) return DropReason.EqualScores;
            if (MinMargin is { } margin && Math.Abs(chosen - rejected) < margin) return DropReason.MarginTooSmall;
            if (MinScoreRatio is { } ratio && !(Math.Max(chosen, rejected) >= ratio * Math.Min(chosen, rejected)))
                return DropReason.ScoreRatioTooSmall;
        }
        else if (MinMargin is { } least && pair.Margin is { } given && Math.Abs(given) < least) return DropReason.MarginTooSmall;
        if (StrictTurns && !Alternates(pair.Prompt, lastIsAssistant: false)) return DropReason.TurnsNotAlternating;
        if (MaxPairsPerPrompt is not { } most) return null;
        string prompt = PromptKey.Of(pair.Prompt);
        int before = seen.GetValueOrDefault(prompt);
        seen[prompt] = before + 1;
        return before >= most ? DropReason.TooManyPairsOfPrompt : null;
    }

    private static bool Alternates(IReadOnlyList<ChatMessage> messages, bool lastIsAssistant)
    {
        int first = messages.Count > 0 && messages[0].Role == "system" ? 1 : 0;
        for (int i = first; i < messages.Count; i++)
        {
            string expected = (i - first) % 2 == 0 ? "user" : "assistant";
            if (messages[i].Role != expected || string.IsNullOrWhiteSpace(messages[i].Content)) return false;
        }
        return messages.Count > first && messages[^1].Role == (lastIsAssistant ? "assistant" : "user");
    }
}
