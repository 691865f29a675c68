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
    /// <param name="messages">The conversation.</param>
    /// <param name="whole">Its rendering.</param>
    /// <param name="render">Renders some turns, with or without the generation prompt.</param>
    /// <param name="control">Finds control tokens.</param>
    public static List<(int Start, int End)> FromPrefixes(
        IReadOnlyList<ChatMessage> messages, string whole, Func<IReadOnlyList<ChatMessage>, bool, string> render, AddedTokenFinder control)
    {
        List<(int, int)> spans = [];
        for (int turn = 0; turn < messages.Count; turn++)
        {
            if (messages[turn].Role != "assistant") continue;
            string before = RenderPart(messages, turn, addGenerationPrompt: true, render);
            Require(whole, before, turn, "the prompt that the model answers to");
            string through = RenderPart(messages, turn + 1, addGenerationPrompt: false, render);
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

    private static string RenderPart(
        IReadOnlyList<ChatMessage> messages, int count, bool addGenerationPrompt, Func<IReadOnlyList<ChatMessage>, bool, string> render)
    {
        try
        {
            return render([.. messages.Take(count)], addGenerationPrompt);
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
