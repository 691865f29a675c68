using Hone.Text;

namespace Hone.Data;

/// <summary>
/// A prompt with a preferred and a less preferred answer. The scores and the margin are those of the file, where it has
/// any; nothing says on which scale.
/// </summary>
public sealed record Preference(
    IReadOnlyList<ChatMessage> Prompt,
    string Chosen,
    string Rejected,
    double? ChosenScore = null,
    double? RejectedScore = null,
    double? Margin = null);
