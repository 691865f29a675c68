using Hone.Inference;
using Hone.Runs.Recipes;

namespace Hone.Workflow.Tests.Inputs;

public class StoryInputsTests
{
    [Theory]
    [InlineData("Once there was a cat. It ran. It slept.", 1, "Once there was a cat.")]
    [InlineData("Once there was a cat. It ran. It slept.", 2, "Once there was a cat. It ran.")]
    [InlineData("\"Where is it?\" she asked. He sat.", 1, "\"Where is it?\"")]
    [InlineData("It cost 3.5 coins! They paid.", 1, "It cost 3.5 coins!")]
    [InlineData("The end.", 1, null)]
    [InlineData("One. Two.", 3, null)]
    public void The_opening_ends_with_a_sentence(string paragraph, int sentences, string? opening) =>
        Assert.Equal(opening?.Length, StoryInputs.Opening(paragraph, sentences));

    [Fact]
    public void Every_part_has_its_size_and_no_passage_is_in_two()
    {
        using var folder = new TempFolder();
        Recipe recipe = StoryWorld.Write(folder).Value;
        ModelText text = ModelText.Load(recipe.Model);
        RunInputs inputs = StoryInputs.Create(recipe, text);
        Assert.Equal((24, 4, 4, 6), (inputs.Sft.Count, inputs.SftHeldOut.Count, inputs.Selection.Count, inputs.Test.Count));
        Assert.Equal((12, 8, 6), (inputs.Human!.Preferences.Count, inputs.Human.PreferencesHeldOut.Count, inputs.Human.Test.Count));
        Assert.Equal(6, Assert.Single(inputs.IterationPrompts).Count);
        string[] prompts =
        [
            .. inputs.Sft.Concat(inputs.SftHeldOut).Select(e => text.Decode(e.Ids.AsSpan(0, e.LossMask.IndexOf(true)))),
            .. inputs.Human.Preferences.Concat(inputs.Human.PreferencesHeldOut).Select(h => h.Prompt)
            .Concat(inputs.IterationPrompts[0].Concat(inputs.Selection).Concat(inputs.Test).Select(p => p.Messages))
                .Select(p => text.Decode(text.Examples.Prompt(p))),
        ];
        Assert.Equal(24 + 4 + 12 + 8 + 6 + 4 + 6, prompts.Distinct().Count());
        Assert.Equal(inputs.Test.Select(t => t.Messages[0].Content), inputs.Human.Test.Select(h => h.Prompt[0].Content));
    }

    [Fact]
    public void A_passage_is_the_text_as_it_was_written()
    {
        using var folder = new TempFolder();
        Recipe recipe = StoryWorld.Write(folder).Value;
        RunInputs inputs = StoryInputs.Create(recipe, ModelText.Load(recipe.Model));
        string[] paragraphs = StoryWorld.Answers(StoryWorld.Paragraphs);
        Assert.All(inputs.Human!.Preferences, h => Assert.Contains($"{h.Prompt[0].Content.TrimEnd()} {h.Answer}", paragraphs));
    }

    [Theory]
    [InlineData("limits: {sft: 24", "limits: {preferences: 12", "data.limits.sft")]
    [InlineData("sft: 24", "sft: 9000", "do not reach")]
    [InlineData("max_new_tokens: 60, epochs", "max_new_tokens: 1, epochs", "answer_too_long")]
    public void What_the_text_does_not_give_is_said(string from, string to, string message)
    {
        using var folder = new TempFolder();
        StoryWorld.Write(folder);
        string yaml = StoryWorld.Yaml.Replace(from, to, StringComparison.Ordinal)
            .Replace("{preferences: 12, preferences: 12}", "{preferences: 12}", StringComparison.Ordinal);
        Recipe recipe = ResolvedRecipe.Parse(yaml, folder.File("recipe.yaml")).Value;
        InputException error = Assert.Throws<InputException>(() => StoryInputs.Create(recipe, ModelText.Load(recipe.Model)));
        Assert.Contains(message, error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("data: {world: tiny, stories: {files: /}}", "data.world is tiny")]
    [InlineData("data: {stories: {files: /}, sft: /}", "data.stories serves all stages")]
    public void Two_sources_of_data_are_refused(string yaml, string message) =>
        Assert.Contains(message, Assert.Throws<InputException>(() => ResolvedRecipe.Parse(yaml, "/nowhere/recipe.yaml")).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Real_stories_make_passages_that_the_real_model_can_write()
    {
        string model = SharedData.Require("models/tinystories-656k-hf"), file = SharedData.Require("corpora/tinystories_197k.txt");
        ResolvedRecipe resolved = ResolvedRecipe.Parse(StoryWorld.Yaml, "/nowhere/recipe.yaml");
        Recipe recipe = resolved.Value with { Data = resolved.Value.Data with { Stories = new StoryOptions { Files = [file] } } };
        ModelText text = ModelText.Load(model);
        RunInputs inputs = StoryInputs.Create(recipe, text);
        Assert.All(inputs.Human!.Test, human =>
        {
            int[] answer = human.Render(text).Answers[0];
            Assert.Equal(text.Tokenizer.EosId, answer[^1]);
            Assert.DoesNotContain(text.Tokenizer.UnkId!.Value, answer);
            Assert.InRange(answer.Length, 2, 60);
            // This vocabulary has tokens such as ". They ": the cut must not leave a seam that the model has never seen.
            Assert.Equal(text.Tokenizer.Encode(human.Prompt[0].Content + human.Answer),
                human.Render(text).Prompt[1..].Concat(answer[..^1]));
        });
        // SFT learns the answer and its end token, nothing of the prompt.
        Assert.All(inputs.Sft, e => Assert.True(e.LossMask[^1] && !e.LossMask[0] && e.Ids[^1] == text.Tokenizer.EosId));
    }
}
