namespace Hone.Data.Tests;

public class SftLayoutTests
{
    [Theory]
    [InlineData("""{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}""", "messages")]
    [InlineData("""{"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]}""", "ShareGPT")]
    [InlineData("""{"conversations": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}""", "ShareGPT")]
    [InlineData("""{"instruction": "q", "input": "", "output": "a"}""", "Alpaca")]
    [InlineData("""{"instruction": "q", "output": "a", "text": "### q ### a"}""", "Alpaca")]
    public void Layouts_are_told_by_their_columns(string row, string layout)
    {
        (SftRow[] rows, DataReport report) = TestRows.Read(row, DataReader.ReadSft);
        Assert.Equal([TestRows.User("q"), TestRows.Assistant("a")], Assert.IsType<Conversation>(Assert.Single(rows)).Messages);
        Assert.Equal(layout, report.Layout);
    }

    [Fact]
    public void Texts_are_read_from_a_column()
    {
        (SftRow[] rows, DataReport report) = TestRows.Read("""{"text": "one", "id": 1}""" + "\n" + """{"text": " "}""", DataReader.ReadSft);
        Assert.Equal(new TextRow("one"), Assert.Single(rows));
        Assert.Equal(["id"], report.IgnoredColumns);
        Assert.Equal(1, report.Dropped[DropReason.EmptyAnswer]);
    }

    [Fact]
    public void Alpacas_input_follows_on_a_line_of_its_own()
    {
        (SftRow[] rows, _) = TestRows.Read("""{"instruction": "add", "input": "1 + 2", "output": "3"}""", DataReader.ReadSft);
        Assert.Equal(TestRows.User("add\n1 + 2"), ((Conversation)rows[0]).Messages[0]);
    }

    [Fact]
    public void A_system_column_comes_first()
    {
        (SftRow[] rows, _) = TestRows.Read("""{"system": "be kind", "instruction": "q", "output": "a"}""", DataReader.ReadSft);
        Assert.Equal("system", ((Conversation)rows[0]).Messages[0].Role);
    }

    [Fact]
    public void Conversations_without_an_answer_are_dropped_and_counted()
    {
        (SftRow[] rows, DataReport report) = TestRows.Read("""
            [{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": " \n"}]},
             {"messages": [{"role": "user", "content": "q"}]},
             {"messages": []},
             {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}]
            """, DataReader.ReadSft);
        Assert.Single(rows);
        Assert.Equal((4, 1, 3), (report.Read, report.Kept, report.DroppedCount));
        Assert.Equal("rows.json: 4 rows, 1 kept, 3 dropped (empty_answer 1, no_assistant_turn 2); layout: messages", report.ToString());
    }

    [Theory]
    [InlineData("""{"messages": [{"role": "narrator", "content": "q"}]}""", "the role `narrator`")]
    [InlineData("""{"messages": [{"content": "q"}]}""", "message 1 of `messages` has no `role`")]
    [InlineData("""{"messages": [{"role": "user"}]}""", "message 1 of `messages` has no `content`")]
    [InlineData("""{"messages": [{"role": "user", "content": null}]}""", "`content` in message 1 of `messages` is null, not text")]
    [InlineData("""{"messages": ["q"]}""", "message 1 of `messages` is text, not an object")]
    [InlineData("""{"instruction": "q", "input": 7, "output": "a"}""", "column `input` is a number, not text")]
    public void Values_of_the_wrong_kind_are_errors(string row, string what)
    {
        InputException e = TestRows.Refused(row, DataReader.ReadSft);
        Assert.Contains(what, e.Message);
        Assert.EndsWith("rows.json:1", e.Where);
    }

    [Fact]
    public void An_unknown_layout_names_the_columns_and_the_known_layouts()
    {
        string path = SharedData.Require("corpora/torchtune/instruct_tiny.json");
        InputException e = Assert.Throws<InputException>(() => DataReader.ReadSft(path, new DataReport(path)).Count());
        Assert.Contains("column `output` is missing; the row has the columns `instruction`, `response`", e.Message);
        Assert.Contains("ShareGPT (conversations)", e.Message);
        Assert.Equal($"{path}:2", e.Where);

        Assert.Contains("no known layout of conversations has the columns `a`",
            TestRows.Refused("""{"a": 1}""", DataReader.ReadSft).Message);
    }

    [Fact]
    public void Mixed_layouts_are_an_error_with_the_line()
    {
        InputException e = TestRows.Refused(
            """{"text": "one"}""" + "\n" + """{"instruction": "q", "output": "a"}""", DataReader.ReadSft);
        Assert.Contains("mixed layouts: this row is Alpaca", e.Message);
        Assert.EndsWith("rows.json:2", e.Where);
    }

    [Fact]
    public void A_real_conversation_has_its_turns()
    {
        string path = SharedData.Require("corpora/torchtune/chat_tiny.json");
        Conversation row = (Conversation)DataReader.ReadSft(path, new DataReport(path)).Single();
        Assert.Equal(["system", "user", "assistant", "user", "assistant"], row.Messages.Select(m => m.Role));
        Assert.Equal("I agree.", row.Messages[^1].Content);
    }
}
