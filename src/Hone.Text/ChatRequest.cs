namespace Hone.Text;

/// <summary>
/// A conversation with all that transformers' <c>apply_chat_template</c> takes: messages with any fields (lists of content
/// parts, tool calls), tools, documents and further variables of the template. Values are plain data: text, numbers,
/// booleans, null, lists, string-keyed dictionaries, or JsonElement.
/// </summary>
/// <param name="Messages">Turns, oldest first; each has at least a <c>role</c>.</param>
public sealed record ChatRequest(IReadOnlyList<IReadOnlyDictionary<string, object?>> Messages)
{
    /// <summary>Ends the text where the assistant is to go on.</summary>
    public bool AddGenerationPrompt { get; init; }

    /// <summary>
    /// Variables besides the messages, such as <c>tools</c>, <c>documents</c>, <c>date_string</c> or <c>enable_thinking</c>.
    /// </summary>
    public IReadOnlyDictionary<string, object?> Variables { get; init; } = new Dictionary<string, object?>();

    /// <summary>A conversation of texts.</summary>
    public static ChatRequest Of(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt = false) => new(
        [.. messages.Select(m => new Dictionary<string, object?> { ["role"] = m.Role, ["content"] = m.Content })])
    { AddGenerationPrompt = addGenerationPrompt };
}
