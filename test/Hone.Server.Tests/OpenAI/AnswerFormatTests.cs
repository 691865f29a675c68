using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hone.Server.Tests.OpenAI;

/// <summary>Formats of answers through every route that takes one.</summary>
public sealed class AnswerFormatTests(TestServer server) : IClassFixture<TestServer>
{
    private const string Chat = "/v1/chat/completions", Completions = "/v1/completions";
    private const string Schema = """
        {"type":"object","properties":{"a":{"enum":["x","yz"]},"n":{"type":"integer","minimum":1,"maximum":9}},"required":["a","n"]}
        """;
    private const string Message = "\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],";
    private const string OpenAI =
        "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"n\",\"strict\":true,\"schema\":SCHEMA}}";

    [Theory]
    [InlineData(Chat, Message + "\"max_tokens\":80," + OpenAI)]
    [InlineData(Completions, "\"prompt\":\"a\",\"max_tokens\":80," + OpenAI)]
    [InlineData(Completions, "\"prompt\":\"a\",\"max_tokens\":80,\"structured_outputs\":{\"json\":SCHEMA}")]
    [InlineData(Completions, "\"prompt\":\"a\",\"max_tokens\":80,\"guided_json\":SCHEMA")]
    [InlineData("/api/chat", Message + "\"stream\":false,\"format\":SCHEMA,\"options\":{\"num_predict\":80}")]
    [InlineData("/api/generate", "\"prompt\":\"a\",\"stream\":false,\"format\":SCHEMA,\"options\":{\"num_predict\":80}")]
    public async Task Answers_are_of_the_schema(string route, string body)
    {
        JsonNode answer = await server.Done(route, $$"""{"model":"tiny",{{body.Replace("SCHEMA", Schema, StringComparison.Ordinal)}}}""");
        JsonNode read = JsonNode.Parse(Text(answer))!;
        Assert.Contains((string)read["a"]!, new[] { "x", "yz" });
        Assert.InRange((int)read["n"]!, 1, 9);
    }

    [Fact]
    public async Task A_stream_is_of_the_format_too()
    {
        List<JsonNode> events = await server.Events(Chat, """
            {"model":"tiny","messages":[{"role":"user","content":"a"}],"max_tokens":80,"stream":true,
             "structured_outputs":{"regex":"[ab]{9}c"}}
            """);
        Assert.Matches("^[ab]{9}c$", string.Concat(events.Select(e => (string?)e["choices"]![0]!["delta"]!["content"])));
    }

    [Theory]
    [InlineData("\"response_format\":{\"type\":\"json_object\"}")]
    [InlineData("\"structured_outputs\":{\"json_object\":true}")]
    public async Task Any_object_begins_as_one(string format)
    {
        JsonNode answer = await server.Done(Chat,
            $$"""{"model":"tiny","messages":[{"role":"user","content":"a"}],"max_tokens":60,{{format}}}""");
        string text = Text(answer);
        Assert.StartsWith("{", text, StringComparison.Ordinal);
        if ((string)answer["choices"]![0]!["finish_reason"]! == "stop") JsonDocument.Parse(text).Dispose();
    }

    [Theory]
    [InlineData("\"response_format\":{\"type\":\"text\"}")]
    [InlineData("\"response_format\":null")]
    public async Task Text_is_no_format(string format)
    {
        string Body(string more) => $$"""{"model":"tiny","messages":[{"role":"user","content":"a"}],"max_tokens":9,"seed":3{{more}}}""";
        Assert.Equal(Text(await server.Done(Chat, Body(""))), Text(await server.Done(Chat, Body("," + format))));
    }

    [Fact]
    public async Task One_of_some_texts() => Assert.Contains(Text(await server.Done(Completions,
        """{"model":"tiny","prompt":"a","max_tokens":20,"guided_choice":["yes","no"]}""")), new[] { "yes", "no" });

    private static string Text(JsonNode answer) =>
        (string)(answer["message"]?["content"] ?? answer["response"]
            ?? answer["choices"]![0]!["message"]?["content"] ?? answer["choices"]![0]!["text"])!;
}
