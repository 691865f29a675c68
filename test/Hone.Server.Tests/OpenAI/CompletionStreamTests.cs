using System.Text.Json.Nodes;

namespace Hone.Server.Tests;

public sealed class CompletionStreamTests(TestServer server) : IClassFixture<TestServer>
{
    private const string Completions = "/v1/completions";

    [Theory]
    [InlineData(null, false)]
    [InlineData(null, true)]
    [InlineData(0, false)]
    [InlineData(2, false)]
    public async Task A_stream_says_what_the_whole_answers_say(int? logProbs, bool echo)
    {
        JsonObject Asked(bool stream)
        {
            var body = new JsonObject
            {
                ["model"] = "tiny", ["prompt"] = new JsonArray("my garden", "a dog", "my garden"), ["max_tokens"] = 20, ["seed"] = 3,
                ["n"] = 2, ["echo"] = echo, ["stream"] = stream, ["return_token_ids"] = true,
            };
            if (logProbs is { } top) body["logprobs"] = top;
            if (stream) body["stream_options"] = new JsonObject { ["include_usage"] = true };
            return body;
        }
        JsonNode whole = await server.Done(Completions, Asked(false).ToJsonString());
        List<JsonNode> events = await server.Events(Completions, Asked(true).ToJsonString());
        Assert.Equal(whole["usage"]!.ToJsonString(), events[^1]["usage"]!.ToJsonString());
        Assert.Equal(6, whole["choices"]!.AsArray().Count);
        foreach (JsonNode? choice in whole["choices"]!.AsArray())
        {
            JsonNode[] own = [.. events[..^1].Select(e => e["choices"]![0]!).Where(c => (int)c["index"]! == (int)choice!["index"]!)];
            Assert.Equal((string)choice!["text"]!, string.Concat(own.Select(c => (string)c["text"]!)));
            Assert.Equal((string)choice["finish_reason"]!, (string)own[^1]["finish_reason"]!);
            Assert.Equal(choice["prompt_token_ids"]!.ToJsonString(), own[0]["prompt_token_ids"]!.ToJsonString());
            Assert.Equal(Joined([choice], c => c["token_ids"]), Joined(own, c => c["token_ids"]));
            Assert.Equal(Joined([choice], c => c["logprobs"]?["tokens"]), Joined(own, c => c["logprobs"]?["tokens"]));
            Assert.Equal(Joined([choice], c => c["logprobs"]?["text_offset"]), Joined(own, c => c["logprobs"]?["text_offset"]));
        }
    }

    [Fact]
    public async Task A_text_that_is_scored_is_not_streamed()
    {
        (int status, JsonNode answer) = await server.Post(Completions,
            """{"model":"tiny","prompt":"a","max_tokens":0,"echo":true,"logprobs":1,"stream":true}""");
        Assert.Equal((400, "stream"), (status, (string?)answer["error"]!["param"]));
    }

    private static string Joined(IEnumerable<JsonNode> choices, Func<JsonNode, JsonNode?> part) =>
        string.Join('|', choices.SelectMany(c => part(c)?.AsArray() ?? []).Select(x => x!.ToJsonString()));
}
