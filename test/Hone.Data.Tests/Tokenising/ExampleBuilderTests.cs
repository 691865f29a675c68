using Hone.Text;

namespace Hone.Data.Tests;

public class ExampleBuilderTests
{
    private static readonly ExampleBuilder s_builder = new(ToyChat.RenderPrompt, ToyChat.Render);
    private static readonly Conversation s_two =
        new([TestRows.User("a"), TestRows.Assistant("b"), TestRows.User("c"), TestRows.Assistant("de")]);

    [Fact]
    public void The_assistants_tokens_and_their_ends_of_turn_are_learnt()
    {
        SftExample example = s_builder.Sft(s_two, SftLoss.Assistant);
        Assert.Equal([1, 10, 100, 2, 3, 11, 101, 2, 3, 10, 102, 2, 3, 11, 103, 104, 2, 3], example.Ids);
        Assert.Equal([101, 2, 103, 104, 2], example.Ids.Where((_, i) => example.LossMask[i]));
    }

    [Fact]
    public void All_tokens_can_be_learnt_instead()
    {
        SftExample example = s_builder.Sft(s_two, SftLoss.All);
        Assert.Equal(example.Ids.Length, example.LossMask.Length);
        Assert.DoesNotContain(false, example.LossMask);
    }

    /// <summary>
    /// Trap 4: the public code pads with the end token and masks by its id, which hides every end of turn from the loss.
    /// Here no token is masked for its value: each of the two ends of turn is learnt.
    /// </summary>
    [Fact]
    public void Trap_4_the_end_of_turn_is_learnt_even_where_it_is_the_pad_token()
    {
        SftExample example = s_builder.Sft(s_two, SftLoss.Assistant);
        ForestBatch batch = ForestBatch.Of([example]);
        Assert.Equal(2, batch.Scored.Targets.Count(t => t == ToyChat.EndOfTurn));
    }

    [Fact]
    public void A_preference_is_prompt_with_header_and_answers_with_end_of_turn()
    {
        PreferenceExample example = s_builder.Preference(new Preference([TestRows.User("a")], "bc", "d"));
        Assert.Equal([1, 10, 100, 2, 3, 11], example.Prompt);
        Assert.Equal([101, 102, 2], example.Chosen);
        Assert.Equal([103, 2], example.Rejected);
    }

    /// <summary>Trap 3: text that is tokenised twice gets BOS twice. Examples are made of ids, so it is there once.</summary>
    [Fact]
    public void Trap_3_there_is_one_bos()
    {
        PreferenceExample example =
            s_builder.Preference(new Preference([TestRows.User("a"), TestRows.Assistant("b"), TestRows.User("c")], "d", "e"));
        Assert.Equal(1, example.Prompt.Concat(example.Chosen).Count(id => id == ToyChat.Bos));
        Assert.Equal(0, Array.IndexOf(example.Prompt, ToyChat.Bos));
        Assert.Equal([1, 7, 8, 2], ExampleBuilder.Text(new TextRow("x"), _ => [7, 8], 1, 2).Ids);
        Assert.Equal([1, 7, 8, 2], ExampleBuilder.Text(new TextRow("x"), _ => [1, 7, 8, 2], 1, 2).Ids);
    }

    /// <summary>Trap 3: rows with ids are trained on as they were sampled, even where their texts would render otherwise.</summary>
    [Fact]
    public void Trap_3_sampled_ids_are_used_as_they_are()
    {
        PairRow row = new([TestRows.User("a")], "b", "c", [1, 50], [51, 2], [52]);
        PreferenceExample pair = s_builder.Preference(row);
        Assert.Equal([1, 50], pair.Prompt);
        Assert.Equal([51, 2], pair.Chosen);
        Assert.Equal([52], pair.Rejected);

        PromptExample sample = s_builder.Sample(new SampleRow([TestRows.User("a")], ["b"], [[51, 2]], PromptIds: [1, 50]));
        Assert.Equal([1, 50], sample.Prompt);
        Assert.Equal([51, 2], Assert.Single(sample.Answers));
    }

    [Fact]
    public void Rows_without_ids_are_rendered()
    {
        PreferenceExample pair = s_builder.Preference(new PairRow([TestRows.User("a")], "b", "c"));
        Assert.Equal([102, 2], pair.Rejected);
        PromptExample sample = s_builder.Sample(new SampleRow([TestRows.User("a")], ["b", "cd"]));
        Assert.Equal([[101, 2], [102, 103, 2]], sample.Answers);
    }

    [Fact]
    public void A_text_is_bos_text_eos_and_all_of_it_is_learnt()
    {
        SftExample example = ExampleBuilder.Text(new TextRow("ab"), t => [.. t.Select(c => (int)c)], 1, 2);
        Assert.Equal([1, 'a', 'b', 2], example.Ids);
        Assert.Equal(4, example.LossMask.Count(m => m));
        Assert.Equal(['a', 'b'], ExampleBuilder.Text(new TextRow("ab"), t => [.. t.Select(c => (int)c)], null, null).Ids);
    }

    [Fact]
    public void A_template_whose_answer_does_not_follow_the_prompt_is_an_error()
    {
        // Puts the header of the answer differently when the answer is there.
        ExampleBuilder builder = new(
            _ => new RenderedChat("", [1, 10, 99]), _ => new MaskedChat("", [1, 10, 11, 5, 2], [false, false, false, true, true]));
        InputException e = Assert.Throws<InputException>(
            () => builder.Preference(new Preference([TestRows.User("a")], "b", "c"), "pairs.jsonl:3"));
        Assert.Equal("pairs.jsonl:3", e.Where);
        Assert.Contains("departs from it at token 3 of 3", e.Message);

        ExampleBuilder unmarked = new(
            ToyChat.RenderPrompt, m => ToyChat.Render(m) with { AssistantMask = new bool[ToyChat.Render(m).Ids.Length] });
        Assert.Contains("marks none",
            Assert.Throws<InputException>(() => unmarked.Preference(new Preference([TestRows.User("a")], "b", "c"))).Message);
    }

    [Fact]
    public void Answers_that_the_template_rewrites_are_counted()
    {
        ExampleBuilder builder = new(ToyChat.RenderPrompt, m => ToyChat.Render(m) with { NotMarked = "turn 2: ..." });
        DataReport report = new("rows");
        builder.Sft(s_two, SftLoss.Assistant, report);
        builder.Sft(s_two, SftLoss.All, report);
        Assert.Equal(1, report.Changed[DropReason.AnswerRewritten]);
    }
}
