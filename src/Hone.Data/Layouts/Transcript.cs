using Hone.Text;

namespace Hone.Data;

/// <summary>
/// Transcripts as in Anthropic's hh-rlhf: "\n\nHuman: ...\n\nAssistant: ...". White space at the ends of a turn is
/// removed, and turns of one speaker in a row are one message, joined by a blank line (about one transcript in 200 has
/// "\n\nAssistant:" inside an answer).
/// </summary>
internal static class Transcript
{
    private const string Human = "\n\nHuman:";
    private const string Assistant = "\n\nAssistant:";

    public static bool Is(string text) => text.StartsWith(Human, StringComparison.Ordinal);

    /// <summary>The messages of a transcript, or null where it does not begin with a turn of the human.</summary>
    public static List<ChatMessage>? Parse(string text)
    {
        if (!Is(text)) return null;
        List<ChatMessage> messages = [];
        int at = 0;
        while (at < text.Length)
        {
            bool human = text.AsSpan(at).StartsWith(Human, StringComparison.Ordinal);
            int start = at + (human ? Human : Assistant).Length;
            at = NextTurn(text, start);
            Add(messages, human ? "user" : "assistant", text[start..at].Trim());
        }
        return messages;
    }

    private static int NextTurn(string text, int start)
    {
        int human = text.IndexOf(Human, start, StringComparison.Ordinal);
        int assistant = text.IndexOf(Assistant, start, StringComparison.Ordinal);
        return Math.Min(human < 0 ? text.Length : human, assistant < 0 ? text.Length : assistant);
    }

    private static void Add(List<ChatMessage> messages, string role, string content)
    {
        if (messages.Count > 0 && messages[^1].Role == role)
            messages[^1] = new ChatMessage(role, $"{messages[^1].Content}\n\n{content}".Trim());
        else
            messages.Add(new ChatMessage(role, content));
    }
}
