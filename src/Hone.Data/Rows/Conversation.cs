using Hone.Text;

namespace Hone.Data;

/// <summary>A row of supervised fine-tuning data: a <see cref="Conversation"/> or a <see cref="TextRow"/>.</summary>
public abstract record SftRow
{
    private protected SftRow()
    {
    }
}

/// <summary>A conversation; the assistant's turns are what is learnt.</summary>
public sealed record Conversation(IReadOnlyList<ChatMessage> Messages) : SftRow;

/// <summary>Plain text without turns, for example one story; every token is learnt.</summary>
public sealed record TextRow(string Text) : SftRow;
