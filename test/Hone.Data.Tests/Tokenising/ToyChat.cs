using Hone.Text;

namespace Hone.Data.Tests;

/// <summary>
/// A chat format small enough to check by eye: BOS 1, then per message the role's id (user 10, assistant 11, system 12),
/// one id per character (100 + its place in the alphabet), end of turn 2, and, as ChatML has it, a line break 3.
/// </summary>
internal static class ToyChat
{
    public const int Bos = 1, EndOfTurn = 2, LineBreak = 3;

    public static MaskedChat Render(IReadOnlyList<ChatMessage> messages) => Render(messages, addGenerationPrompt: false);

    public static MaskedChat RenderPrompt(IReadOnlyList<ChatMessage> messages) => Render(messages, addGenerationPrompt: true);

    private static MaskedChat Render(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt)
    {
        List<int> ids = [Bos];
        List<bool> mask = [false];
        foreach (ChatMessage message in messages)
        {
            Add(Role(message.Role), false);
            bool assistant = message.Role == "assistant";
            foreach (char c in message.Content) Add(100 + c - 'a', assistant);
            Add(EndOfTurn, assistant);
            Add(LineBreak, false);
        }
        if (addGenerationPrompt) Add(Role("assistant"), false);
        return new MaskedChat("", [.. ids], [.. mask]);

        void Add(int id, bool assistant)
        {
            ids.Add(id);
            mask.Add(assistant);
        }
    }

    private static int Role(string role) => role switch { "user" => 10, "assistant" => 11, _ => 12 };
}
