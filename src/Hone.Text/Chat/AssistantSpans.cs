using Hone.Text.AddedTokens;

namespace Hone.Text.Chat;

/// <summary>Which characters of a rendered conversation the assistant wrote, its end-of-turn token included.</summary>
internal static class AssistantSpans
{
    /// <summary>
    /// From prefixes: a turn begins where the rendering of the turns before it ends, generation prompt included, and ends where the
    /// rendering up to it ends. Both must be prefixes of the whole: else the model would be trained on a context that it never sees
    /// when it answers.
    /// </summary>
    /// <param name="roles">Who speaks in each turn.</param>
    /// <param name="whole">The rendering of the conversation.</param>
    /// <param name="render">Renders the first turns, with or without the generation prompt.</param>
    /// <param name="control">Finds control tokens.</param>
    public static List<(int Start, int End)> FromPrefixes(
        IReadOnlyList<string> roles, string whole, Func<int, bool, string> render, AddedTokenFinder control)
    {
        List<(int, int)> spans = [];
        for (int turn = 0; turn < roles.Count; turn++)
        {
            if (roles[turn] != "assistant") continue;
            string before = RenderPart(turn, addGenerationPrompt: true, render);
            Require(whole, before, turn, "the prompt that the model answers to");
            string through = RenderPart(turn + 1, addGenerationPrompt: false, render);
            Require(whole, through, turn, "the conversation up to this turn");
            if (through.Length < before.Length) throw Inconsistent(turn, "the turn ends before it begins");
            spans.Add((before.Length, EndOfTurn(whole, before.Length, through.Length, control)));
        }
        return spans;
    }

    // White space that the template writes after the end-of-turn token is never sampled.
    private static int EndOfTurn(string whole, int start, int end, AddedTokenFinder control)
    {
        List<Segment> segments = [];
        control.Split(whole.AsSpan(start, end - start), parseSpecial: true, segments);
        return segments is [.., { Token: not null }, { Token: null } last] && string.IsNullOrWhiteSpace(whole.Substring(start + last.Start, last.Length))
            ? start + last.Start
            : end;
    }

    private static string RenderPart(int count, bool addGenerationPrompt, Func<int, bool, string> render)
    {
        try
        {
            return render(count, addGenerationPrompt);
        }
        catch (InputException error)
        {
            throw new InputException(
                $"the assistant's tokens cannot be told: the chat template does not render the first {count} turns alone: {error.Message}", inner: error);
        }
    }

    private static void Require(string whole, string part, int turn, string what)
    {
        if (whole.StartsWith(part, StringComparison.Ordinal)) return;
        int same = whole.AsSpan().CommonPrefixLength(part);
        throw Inconsistent(turn, $"{what} reads {Excerpt(part, same)}, while the whole conversation reads {Excerpt(whole, same)}");
    }

    private static InputException Inconsistent(int turn, string how) => new(
        $"the chat template renders turn {turn + 1} differently within the conversation: {how}",
        fix: "mark the assistant's text with {% generation %}...{% endgeneration %} in the template, or split the conversation so that "
            + "each answer is its last turn");

    private static string Excerpt(string text, int at)
    {
        string part = text[Math.Max(0, at - 20)..Math.Min(text.Length, at + 20)];
        return $"\"...{part.ReplaceLineEndings("\\n")}...\"";
    }
}
