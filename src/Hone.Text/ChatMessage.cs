namespace Hone.Text;

/// <summary>One turn of a conversation. <paramref name="Role"/> is <c>system</c>, <c>user</c>, <c>assistant</c> or <c>tool</c>.</summary>
public sealed record ChatMessage(string Role, string Content)
{
    public static ChatMessage User(string content) => new("user", content);

    public static ChatMessage Assistant(string content) => new("assistant", content);

    public static ChatMessage System(string content) => new("system", content);
}
