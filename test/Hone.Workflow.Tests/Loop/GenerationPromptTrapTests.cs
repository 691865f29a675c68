using Hone.Inference;
using Hone.Data;
using Hone.Text;
using Hone.Workflow.World;

namespace Hone.Workflow.Tests.Loop;

/// <summary>
/// Trap 2: the model card calls the chat template without the generation prompt, and the model then writes the header
/// itself, or something else. Here it is a flag of the call, and everything that is sampled has it.
/// </summary>
public sealed class GenerationPromptTrapTests(Unbroken unbroken)
{
    private static int Assistant => WorldTokenizer.IdOf(WorldTokenizer.Assistant);

    [Fact]
    public void Trap_2_it_is_a_flag_and_adds_the_header_only()
    {
        ModelText text = ModelText.Load(unbroken.Model);
        ChatMessage[] conversation = [ChatMessage.User("Start a garden.")];
        Assert.Equal([.. text.Render(conversation, addGenerationPrompt: false).Ids, Assistant],
            text.Render(conversation, addGenerationPrompt: true).Ids);
        Assert.Equal(text.Render(conversation, addGenerationPrompt: true).Ids, text.Examples.Prompt(conversation));
    }

    [Fact]
    public void Trap_2_whatever_is_sampled_has_it_and_is_trained_on_with_it()
    {
        string[] sampled = ["online-1/samples/samples-00000.jsonl", "online-2/samples/samples-00000.jsonl",
            "select/online-dpo-1/answers.jsonl", "evaluate/sft/answers.jsonl"];
        foreach (SampleRow row in sampled.SelectMany(file => RowFile.ReadSamples(unbroken.Run.File(file))))
            Assert.Equal(Assistant, row.PromptIds![^1]);
        string[] prompts = [.. RowFile.ReadSamples(unbroken.Run.File(sampled[0])).Select(r => string.Join(' ', r.PromptIds!))];
        Assert.All(RowFile.ReadPairs(unbroken.Run.File("online-1/pairs/pairs.jsonl")),
            pair => Assert.Contains(string.Join(' ', pair.PromptIds!), prompts));
    }
}
