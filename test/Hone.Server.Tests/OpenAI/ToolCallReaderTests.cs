namespace Hone.Server.Tests;

public sealed class ToolCallReaderTests
{
    private const string HermesCall = "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"x\": 1}}\n</tool_call>";

    [Theory]
    [InlineData("Let me look. " + HermesCall, "Let me look. ", 1)]
    [InlineData(HermesCall + "\n" + HermesCall, "", 2)]
    [InlineData("1 < 2 and <tool is no call", "1 < 2 and <tool is no call", 0)]
    [InlineData("", "", 0)]
    public void Text_passes_and_calls_are_held_wherever_pieces_end(string answer, string text, int count)
    {
        for (int size = 1; size <= answer.Length + 1; size++)
        {
            var reader = new ToolCallReader(ToolFormat.Hermes);
            string shown = string.Concat(answer.Chunk(size).Select(piece => reader.Push(new string(piece))));
            (string rest, IReadOnlyList<ToolCall> calls) = reader.Finish();
            Assert.Equal((text, count), (shown + rest, calls.Count));
            if (count > 0) Assert.Equal(text, shown);
        }
    }

    [Fact]
    public void A_text_is_sent_as_it_comes()
    {
        var reader = new ToolCallReader(ToolFormat.Hermes);
        Assert.Equal("Hello", reader.Push("Hello"));
        Assert.Equal(" world", reader.Push(" world<"));
        Assert.Equal("<b", reader.Push("b"));
    }

    [Fact]
    public void A_brace_opens_a_call_at_the_beginning_of_an_answer_only()
    {
        var reader = new ToolCallReader(ToolFormat.Llama);
        Assert.Equal("Use ", reader.Push("Use "));
        Assert.Equal("{\"name\": \"f\", \"parameters\": {}}", reader.Push("{\"name\": \"f\", \"parameters\": {}}"));
        Assert.Equal(("", 0), (reader.Finish().Text, reader.Finish().Calls.Count));
        var calling = new ToolCallReader(ToolFormat.Llama);
        Assert.Equal("", calling.Push("<|python_tag|>"));
        Assert.Equal("", calling.Push("{\"name\": \"f\", "));
        Assert.Equal("", calling.Push("\"parameters\": {}}"));
        Assert.Equal("f", Assert.Single(calling.Finish().Calls).Name);
    }
}
