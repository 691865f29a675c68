namespace Hone.Text;

/// <summary>A model's own Jinja chat template.</summary>
public sealed class ChatTemplate
{
    private ChatTemplate()
    {
    }

    public static ChatTemplate? TryLoad(string folder) => throw new NotImplementedException();

    public static ChatTemplate Parse(string source) => throw new NotImplementedException();

    public string Render(
        IReadOnlyList<ChatMessage> messages,
        bool addGenerationPrompt = false,
        IReadOnlyDictionary<string, object?>? variables = null) => throw new NotImplementedException();
}
