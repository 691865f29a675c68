using Hone.Workflow.World;

namespace Hone.Server.Tests;

public sealed class AnswerTextTests(TestServer server) : IClassFixture<TestServer>
{
    [Fact]
    public void Special_tokens_print_nothing_and_can_be_stopped_at()
    {
        int user = server.Model.Tokenizer.SpecialIds.First(id => !server.Model.IsStop(id) && id != WorldTokenizer.IdOf(WorldTokenizer.Pad));
        int[] ids = [.. server.Model.Tokenizer.Encode("my garden"), user, .. server.Model.Tokenizer.Encode(" is small")];
        string name = server.Model.Tokenizer.TokenOf(user);
        Assert.Equal("my garden is small", Text(ids));
        Assert.Equal("my garden is small", Text(ids, "never there"));
        Assert.Equal("my garden", Text(ids, name));
        Assert.Equal("my gard", Text(ids, "en" + name));
        Assert.Equal("my garden", Text(ids, " is small"));
    }

    private string Text(int[] ids, params string[] stops)
    {
        var text = new AnswerText(server.Model, stops, tools: null);
        return string.Concat(ids.Select((id, i) => text.Push(id, i == ids.Length - 1)));
    }
}
