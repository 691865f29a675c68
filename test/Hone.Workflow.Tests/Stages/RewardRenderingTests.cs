using Hone.Data;
using Hone.Inference;
using Hone.Text;
using Hone.Workflow.Tests.Loop;

namespace Hone.Workflow.Tests;

/// <summary>
/// The same tokenizer was taken for the same text: a reward model with a template of its own read the policy's rendering.
/// </summary>
public sealed class RewardRenderingTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_reward_model_with_a_template_of_its_own_renders_conversations_itself()
    {
        TinyModel.Write(_folder.File("policy"));
        TinyModel.Write(_folder.File("reward"));
        string template = _folder.File("reward/chat_template.jinja");
        string own = File.ReadAllText(template);
        File.WriteAllText(template, own.Replace("{%", "{{ '' }}{%", StringComparison.Ordinal) + " ");
        ComputeTarget target = ComputeTarget.Parse("cpu", "float32");
        using PretrainedModel policy = PretrainedModel.Open(_folder.File("policy"), target);
        using PretrainedModel reward = PretrainedModel.Open(_folder.File("reward"), target);
        Assert.False(reward.Text.RendersAs(policy.Text));
        Assert.True(policy.Text.RendersAs(policy.Text));

        // Ids that are not this model's rendering of the texts, though every one of them is known to it.
        SampleRow row = new([ChatMessage.User("tell me of gardens")], ["roses"]);
        int[] prompt = policy.Text.Examples.Prompt(row.Prompt);
        SampleRow sampled = row with { PromptIds = prompt, ResponseIds = [policy.Text.Tokenizer.Encode("roses")] };
        Assert.True(RewardScoring.IdsMatchTexts(policy.Text, [sampled]));
        Assert.False(RewardScoring.IdsMatchTexts(policy.Text, [sampled with { PromptIds = [.. prompt, prompt[0]] }]));
    }
}
