namespace Hone.Text;

/// <summary>A tokenizer and a chat template together: conversations in, ids and assistant mask out.</summary>
public sealed class ChatFormat(Tokenizer tokenizer, ChatTemplate template)
{
    public Tokenizer Tokenizer { get; } = tokenizer;

    public ChatTemplate Template { get; } = template;

    public static ChatFormat Load(string folder) => throw new NotImplementedException();

    public RenderedChat Render(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt = false) =>
        throw new NotImplementedException();
}
