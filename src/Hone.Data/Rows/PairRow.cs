using Hone.Text;

namespace Hone.Data;

/// <summary>A preference pair made from scored samples, as DPO trains on it.</summary>
/// <param name="Prompt">The prompt's messages.</param>
/// <param name="Chosen">Text of the preferred answer.</param>
/// <param name="Rejected">Text of the other answer.</param>
/// <param name="PromptIds">The prompt as the model saw it. [time]</param>
/// <param name="ChosenIds">The preferred answer as sampled, stop token included. [time]</param>
/// <param name="RejectedIds">The other answer as sampled, stop token included. [time]</param>
/// <param name="RewardChosen">The reward model's score of the preferred answer, without any length penalty.</param>
/// <param name="RewardRejected">The reward model's score of the other answer, without any length penalty.</param>
/// <param name="Margin">Difference of the rewards that the pair was chosen by, length penalty included; above 0.</param>
/// <param name="ReferenceChosenLogp">Summed log-probability of the preferred answer under the reference, once computed.</param>
/// <param name="ReferenceRejectedLogp">Summed log-probability of the other answer under the reference, once computed.</param>
public sealed record PairRow(
    IReadOnlyList<ChatMessage> Prompt,
    string Chosen,
    string Rejected,
    int[]? PromptIds = null,
    int[]? ChosenIds = null,
    int[]? RejectedIds = null,
    double? RewardChosen = null,
    double? RewardRejected = null,
    double? Margin = null,
    double? ReferenceChosenLogp = null,
    double? ReferenceRejectedLogp = null);
