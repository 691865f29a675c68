using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace Hone.Server.Tests;

public sealed class OllamaTests(TestServer server) : IClassFixture<TestServer>
{
    private const string Options = "\"options\":{\"temperature\":0,\"num_predict\":12,\"num_ctx\":4096}";

    [Theory]
    [InlineData("/api/chat", "\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]")]
    [InlineData("/api/generate", "\"prompt\":\"hello\"")]
    public async Task Lines_of_a_stream_add_up_to_the_whole_answer_of_the_other_api(string route, string prompt)
    {
        JsonNode expected = await server.Done("/v1/chat/completions",
            """{"model":"tiny","messages":[{"role":"user","content":"hello"}],"max_tokens":12,"temperature":0}""");
        string Text(JsonNode line) => (string)(route == "/api/chat" ? line["message"]!["content"] : line["response"])!;
        JsonNode whole = await server.Done(route, $$"""{"model":"tiny:latest","stream":false,{{prompt}},{{Options}}}""");
        Assert.Equal((string)expected["choices"]![0]!["message"]!["content"]!, Text(whole));
        Assert.True((bool)whole["done"]!);

        using var content = new StringContent($$"""{"model":"tiny",{{prompt}},{{Options}}}""", Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await server.Client.PostAsync(route, content);
        Assert.Equal("application/x-ndjson", response.Content.Headers.ContentType!.MediaType);
        JsonNode[] lines = [.. (await response.Content.ReadAsStringAsync())
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonNode.Parse(l)!)];
        Assert.Equal(Text(whole), string.Concat(lines.Select(Text)));
        Assert.All(lines[..^1], l => Assert.False((bool)l["done"]!));
        Assert.True((bool)lines[^1]["done"]!);
        Assert.Equal(((string)expected["choices"]![0]!["finish_reason"]!, (int)expected["usage"]!["completion_tokens"]!),
            ((string)lines[^1]["done_reason"]!, (int)lines[^1]["eval_count"]!));
    }

    [Fact]
    public async Task Models_are_listed_and_loaded()
    {
        JsonNode tags = JsonNode.Parse(await server.Client.GetStringAsync("/api/tags"))!;
        Assert.Equal("tiny", (string)Assert.Single(tags["models"]!.AsArray())!["name"]!); // a reward model does not chat
        Assert.Equal("load", (string)(await server.Done("/api/generate", """{"model":"tiny"}"""))["done_reason"]!);
        Assert.Equal("load", (string)(await server.Done("/api/chat", """{"model":"tiny","messages":[]}"""))["done_reason"]!);
    }

    [Fact]
    public async Task A_model_is_shown_with_what_it_can_do()
    {
        JsonNode running = JsonNode.Parse(await server.Client.GetStringAsync("/api/ps"))!["models"]!.AsArray().Single()!;
        Assert.Equal(("tiny", 256), ((string)running["name"]!, (int)running["context_length"]!));
        Assert.Equal("llama", (string)running["details"]!["family"]!);
        JsonNode shown = await server.Done("/api/show", """{"model":"tiny"}""");
        Assert.Equal(256, (int)shown["model_info"]!["llama.context_length"]!);
        Assert.Contains("completion", shown["capabilities"]!.AsArray().Select(c => (string)c!));
        Assert.Equal(404, (await server.Post("/api/show", """{"model":"none"}""")).Item1);
    }

    [Theory]
    [InlineData("/api/chat", """{"model":"none","messages":[]}""", 404, "does not exist")]
    [InlineData("/api/chat", """{"model":"tiny","messages":[{"role":"user","content":"a","images":["x"]}]}""", 400, "images")]
    [InlineData("/api/generate", """{"model":"tiny","prompt":"a","format":"xml"}""", 400, "format")]
    [InlineData("/api/generate", """{"model":"tiny","prompt":"a","options":{"mirostat":2}}""", 400, "mirostat")]
    [InlineData("/api/generate", """{"model":"tiny","prompt":"a","options":5}""", 400, "`options` must be an object")]
    [InlineData("/api/generate", """{"model":"tiny","prompt":"a","options":{"tfs_z":1}}""", 400, "tfs_z")]
    public async Task What_is_refused_has_Ollamas_format(string route, string body, int status, string what)
    {
        (int got, JsonNode answer) = await server.Post(route, body);
        Assert.Equal(status, got);
        Assert.Contains(what, (string)answer["error"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_foreign_page_is_refused_here_too()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/tags") { Headers = { { "Origin", "https://evil.example" } } };
        Assert.Equal(HttpStatusCode.Forbidden, (await server.Client.SendAsync(request)).StatusCode);
    }
}
