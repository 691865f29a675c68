namespace Hone.Data.Tests;

/// <summary>Rows of one shape that could be taken for another, whose answers would then be lost.</summary>
public sealed class ShapeTests
{
    private const string Null = """{"prompt": "Q", "chosen": null, "rejected": "b"}""",
        Pair = """{"prompt": "Q2", "chosen": "a", "rejected": "b"}""";

    [Theory]
    [InlineData($"{Pair}\n{Null}")]
    [InlineData($"{Null}\n{Pair}")]
    public void A_null_answer_is_an_empty_answer_wherever_it_stands(string rows)
    {
        (Preference[] read, DataReport report) = TestRows.Read(rows, DataReader.ReadPreferences);
        Assert.Equal("a", Assert.Single(read).Chosen);
        Assert.Equal((2, 1), (report.Read, report.Dropped[DropReason.EmptyAnswer]));
        Assert.Equal(["preferences"], Kinds(rows));
    }

    [Fact]
    public void A_file_of_null_answers_stays_preferences_and_a_null_prompt_is_an_empty_prompt()
    {
        Assert.Equal(["preferences"], Kinds(Null));
        (_, DataReport report) = TestRows.Read($$"""{{Pair}}{{'\n'}}{"prompt": null, "chosen": "a", "rejected": "b"}""",
            DataReader.ReadPreferences);
        Assert.Equal(1, report.Dropped[DropReason.EmptyPrompt]);
    }

    [Fact]
    public void Columns_of_another_layout_that_are_null_say_nothing()
    {
        // As a Parquet file merged of several sets has it.
        const string Row = """{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}], """
            + """ "chosen": null, "rejected": null, "prompt": null}""";
        Assert.Equal(["sft", "prompts"], Kinds(Row));
    }

    [Theory]
    [InlineData("""{"prompt": "Q", "completion": "a"}""", "a")]
    [InlineData("""{"prompt": [{"role": "user", "content": "Q"}], "completion": [{"role": "assistant", "content": "a"}]}""", "a")]
    [InlineData("""{"prompt": "Q", "completion": "a", "label": true}""", "a")]
    public void Prompt_and_completion_are_a_conversation_and_not_a_prompt(string row, string answer)
    {
        Assert.Equal(["sft"], Kinds(row));
        (SftRow[] rows, _) = TestRows.Read(row, DataReader.ReadSft);
        Assert.Equal([TestRows.User("Q"), TestRows.Assistant(answer)], Assert.IsType<Conversation>(Assert.Single(rows)).Messages);
    }

    [Fact]
    public void A_completion_that_is_labelled_bad_is_not_learnt()
    {
        (SftRow[] rows, DataReport report) = TestRows.Read(
            """{"prompt": "Q", "completion": "a", "label": false}""" + "\n" + """{"prompt": "Q", "completion": "b", "label": true}""",
            DataReader.ReadSft);
        Assert.Equal("b", ((Conversation)Assert.Single(rows)).Messages[^1].Content);
        Assert.Equal(1, report.Dropped[DropReason.LabelledBad]);
    }

    [Theory]
    [InlineData("""{"prompt": "Q", "response": "a", "helpfulness": 3, "correctness": 4}""", "HelpSteer")]
    [InlineData("""{"prompt": "Q", "responses": ["a", "b"], "scores": [1, 2]}""", "several answers")]
    [InlineData("""{"prompt": "Q", "answer": "a"}""", "`answer`")]
    public void Rows_with_answers_in_no_known_layout_are_named_and_not_taken_for_prompts(string row, string name)
    {
        InputException e = Assert.Throws<InputException>(() => Kinds(row));
        Assert.Contains(name, e.Message, StringComparison.Ordinal);
        (PromptRow[] prompts, DataReport report) = TestRows.Read(row, DataReader.ReadPrompts); // where that is what is asked for
        Assert.Single(prompts);
        Assert.NotEmpty(report.IgnoredColumns);
    }

    [Theory]
    [InlineData("""[{"type": "text", "text": "one"}]""", "one")]
    [InlineData("""[{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]""", "one\ntwo")]
    public void Content_parts_of_text_are_the_text(string content, string text)
    {
        string row = $$"""{"messages": [{"role": "user", "content": {{content}}}, {"role": "assistant", "content": "a"}]}""";
        (SftRow[] rows, _) = TestRows.Read(row, DataReader.ReadSft);
        Assert.Equal(text, ((Conversation)Assert.Single(rows)).Messages[0].Content);
        (PromptRow[] prompts, _) = TestRows.Read($$"""{"prompt": [{"role": "user", "content": {{content}}}]}""", DataReader.ReadPrompts);
        Assert.Equal(text, Assert.Single(prompts).Messages[0].Content);
        using TempFolder folder = new();
        File.WriteAllText(folder.File("samples.jsonl"),
            $$"""{"prompt": [{"role": "user", "content": {{content}}}], "responses": ["a", "b"]}""");
        Assert.Equal(text, Assert.Single(RowFile.ReadSamples(folder.File("samples.jsonl"))).Prompt[0].Content);
    }

    [Fact]
    public void Other_content_parts_are_refused_by_name()
    {
        const string Row = """{"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]}""";
        InputException e = TestRows.Refused(Row, DataReader.ReadSft);
        Assert.Contains("`image_url`", e.Message, StringComparison.Ordinal);
        Assert.Contains("rows.json:1", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_prompt_column_that_contradicts_the_messages_is_counted()
    {
        const string Same = """{"prompt": "q", "chosen": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}], """
            + """ "rejected": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "b"}]}""";
        string other = Same.Replace("\"prompt\": \"q\"", "\"prompt\": \"something else\"", StringComparison.Ordinal);
        (Preference[] rows, DataReport report) = TestRows.Read($"{Same}\n{other}", DataReader.ReadPreferences);
        Assert.Equal((2, 1), (rows.Length, report.Changed[DropReason.PromptColumnDiffers]));
        (_, DataReport sft) = TestRows.Read(
            """{"prompt": "x", "messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}""",
                DataReader.ReadSft);
        Assert.Equal(1, sft.Changed[DropReason.PromptColumnDiffers]);
    }

    private static IReadOnlyList<string> Kinds(string rows)
    {
        using TempFolder folder = new();
        File.WriteAllText(folder.File("rows.jsonl"), rows.ReplaceLineEndings("\n"));
        return DataReader.Kinds(folder.File("rows.jsonl"));
    }
}
