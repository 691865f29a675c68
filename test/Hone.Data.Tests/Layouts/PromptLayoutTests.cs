namespace Hone.Data.Tests;

public class PromptLayoutTests
{
    [Theory]
    [InlineData("""{"context": "q", "context_messages": [{"role": "user", "content": "q"}], "id": 1}""", "prompts as context_messages")]
    [InlineData("""{"messages": [{"role": "user", "content": "q"}]}""", "prompts as messages")]
    [InlineData("""{"prompt": "q"}""", "prompts as prompt")]
    [InlineData("""{"prompt": [{"role": "user", "content": "q"}], "responses": ["a"]}""", "prompts as prompt")]
    public void Layouts_are_told_by_their_columns(string row, string layout)
    {
        (PromptRow[] rows, DataReport report) = TestRows.Read(row, DataReader.ReadPrompts);
        Assert.Equal([TestRows.User("q")], Assert.Single(rows).Messages);
        Assert.Equal(layout, report.Layout);
    }

    [Fact]
    public void Answers_at_the_end_are_left_out_and_counted()
    {
        (PromptRow[] rows, DataReport report) = TestRows.Read("""
            {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}
            {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}, {"role": "user", "content": "r"}]}
            {"messages": [{"role": "assistant", "content": "a"}]}
            {"messages": [{"role": "system", "content": "s"}]}
            {"messages": [{"role": "user", "content": " "}]}
            """, DataReader.ReadPrompts);
        Assert.Equal([1, 3], rows.Select(r => r.Messages.Count));
        Assert.Equal(1, report.Changed[DropReason.AnswerLeftOut]);
        Assert.Equal(3, report.Dropped[DropReason.EmptyPrompt]);
    }

    [Fact]
    public void A_value_of_the_wrong_kind_says_which_kinds_are_right() =>
        Assert.Contains("column `prompt` is a number, not text or a list",
            TestRows.Refused("""{"prompt": "q"}""" + "\n" + """{"prompt": 7}""", DataReader.ReadPrompts).Message);
}
