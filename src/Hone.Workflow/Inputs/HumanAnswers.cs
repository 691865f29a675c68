using Hone.Inference;
using Hone.Data;
using Hone.Text;

namespace Hone.Workflow;

/// <summary>A prompt and the answer that a person gave to it.</summary>
internal sealed record HumanAnswer(IReadOnlyList<ChatMessage> Prompt, string Answer)
{
    /// <summary>Prompt and answer in tokens, the end token included.</summary>
    public PromptExample Render(ModelText text) => text.Examples.Sample(new SampleRow(Prompt, [Answer]));
}

/// <summary>
/// What people wrote, where there are no preferences: in the pairs made from it a person's answer is chosen over the SFT
/// policy's own, as in SPIN (arXiv 2401.01335).
/// </summary>
/// <param name="Preferences">To make training pairs from.</param>
/// <param name="PreferencesHeldOut">To make the pairs from that judge the reward model.</param>
/// <param name="Test">To the test prompts, in their order: a yardstick for the final table.</param>
internal sealed record HumanAnswers(
    IReadOnlyList<HumanAnswer> Preferences, IReadOnlyList<HumanAnswer> PreferencesHeldOut, IReadOnlyList<HumanAnswer> Test);
