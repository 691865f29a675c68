namespace Hone.Text;

/// <summary>
/// A conversation as the model sees it. <paramref name="AssistantMask"/>[i] is true where token i was written by the
/// assistant, its end-of-turn token included. [time]
/// </summary>
public sealed record RenderedChat(string Text, int[] Ids, bool[] AssistantMask);
