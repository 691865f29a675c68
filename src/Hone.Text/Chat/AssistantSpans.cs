using Hone.Text.AddedTokens;

namespace Hone.Text.Chat;

/// <summary>Which characters of a rendered conversation the assistant wrote, its end-of-turn token included.</summary>
/// <param name="Spans">The answers that stand in the conversation as they were given.</param>
/// <param name="NotTold">Why an answer is not among them; null where all are.</param>
internal sealed record AssistantSpans(IReadOnlyList<(int Start, int End)> Spans, string? NotTold)
{
    /// <summary>
    /// From prefixes: a turn begins where the rendering of the turns before it ends, generation prompt included, and ends where the
    /// rendering up to it ends. Where one of them is not a prefix of the whole (a template that strips earlier reasoning, say), the
    /// turn is left out: the model would be trained in a context that it never sees when it answers.
    /// </summary>
    /// <param name="roles">Who speaks in each turn.</param>
    /// <param name="whole">The rendering of the conversation.</param>
    /// <param name="render">Renders the first turns, with or without the generation prompt.</param>
    /// <param name="control">Finds control tokens.</param>
    public static AssistantSpans FromPrefixes(
        IReadOnlyList<string> roles, string whole, Func<int, bool, string> render, AddedTokenFinder control)
    {
        List<(int, int)> spans = [];
        string? notTold = null;
        for (int turn = 0; turn < roles.Count; turn++)
        {
            if (roles[turn] != "assistant") continue;
            string? otherwise = Find(turn, whole, render, out int start, out int end);
            if (otherwise is null) spans.Add((start, EndOfTurn(whole, start, end, control)));
            else notTold ??= $"turn {turn + 1}: {otherwise}";
        }
        return new(spans, notTold);
    }

    private static string? Find(int turn, string whole, Func<int, bool, string> render, out int start, out int end)
    {
        (start, end) = (0, 0);
        try
        {
            string before = render(turn, true);
            if (Departs(whole, before) is { } prompt) return $"the prompt that it answers reads {prompt}";
            string through = render(turn + 1, false);
            if (Departs(whole, through) is { } answer) return $"the conversation up to it reads {answer}";
            (start, end) = (before.Length, through.Length);
            return end < start ? "it ends before it begins" : null;
        }
        catch (InputException error)
        {
            return $"the chat template does not render the {turn} turns before it alone: {error.What}";
        }
    }

    // White space that the template writes after the end-of-turn token is never sampled.
    private static int EndOfTurn(string whole, int start, int end, AddedTokenFinder control)
    {
        List<Segment> segments = [];
        control.Split(whole.AsSpan(start, end - start), parseSpecial: true, segments, new TextBudget(end - start));
        return segments is [.., { Token: not null }, { Token: null } last]
            && string.IsNullOrWhiteSpace(whole.Substring(start + last.Start, last.Length))
            ? start + last.Start
            : end;
    }

    private static string? Departs(string whole, string part)
    {
        if (whole.StartsWith(part, StringComparison.Ordinal)) return null;
        int same = whole.AsSpan().CommonPrefixLength(part);
        return $"{Excerpt(part, same)}, while the whole conversation reads {Excerpt(whole, same)}";
    }

    private static string Excerpt(string text, int at)
    {
        string part = text[Math.Max(0, at - 20)..Math.Min(text.Length, at + 20)];
        return $"\"...{part.ReplaceLineEndings("\\n")}...\"";
    }
}
