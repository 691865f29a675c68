using Hone.Text;

namespace Hone.Data;

/// <summary>A conversation that waits for the assistant's next turn: its last message is not the assistant's.</summary>
public sealed record PromptRow(IReadOnlyList<ChatMessage> Messages);
