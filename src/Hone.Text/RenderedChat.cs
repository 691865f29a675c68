namespace Hone.Text;

/// <summary>A conversation as the model sees it. [time]</summary>
/// <param name="Text">What the chat template wrote.</param>
/// <param name="Ids">Its tokens.</param>
public record RenderedChat(string Text, int[] Ids);

/// <summary>A conversation to learn from. Only answers that stand in it just as the model gives them are marked.</summary>
/// <param name="Text">What the chat template wrote.</param>
/// <param name="Ids">Its tokens.</param>
/// <param name="AssistantMask">True at each token that the assistant wrote, its end-of-turn token included. [time]</param>
/// <param name="NotMarked">
/// Why an answer is not marked: the template renders it, or what comes before it, otherwise than when it was given. Null
/// where all are.
/// </param>
public sealed record MaskedChat(string Text, int[] Ids, bool[] AssistantMask, string? NotMarked = null) : RenderedChat(Text, Ids);
