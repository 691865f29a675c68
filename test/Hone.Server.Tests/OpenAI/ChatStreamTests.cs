using System.Text.Json.Nodes;

namespace Hone.Server.Tests;

public sealed class ChatStreamTests(TestServer server) : IClassFixture<TestServer>
{
    private const string Chat = "/v1/chat/completions";

    private JsonObject Body(bool stream, int n = 1) => new()
    {
        ["model"] = "tiny", ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "hello" }),
        ["max_tokens"] = 30, ["seed"] = 5, ["n"] = n, ["stream"] = stream,
        // No special tokens: they print nothing, and a text over them is no text that a stop string is looked for in.
        ["logit_bias"] = new JsonObject(server.Model.Tokenizer.SpecialIds.Select(id => KeyValuePair.Create($"{id}", (JsonNode?)-100))),
    };

    [Fact]
    public async Task A_stream_says_what_the_whole_answer_says()
    {
        JsonNode whole = await server.Done(Chat, Body(stream: false, n: 4).ToJsonString());
        JsonObject asked = Body(stream: true, n: 4);
        asked["stream_options"] = new JsonObject { ["include_usage"] = true };
        List<JsonNode> events = await server.Events(Chat, asked.ToJsonString());
        Assert.Single(events.Select(e => (string)e["id"]!).Distinct());
        Assert.All(events, e => Assert.Equal("chat.completion.chunk", (string)e["object"]!));
        Assert.Equal(whole["usage"]!.ToJsonString(), events[^1]["usage"]!.ToJsonString());
        Assert.Empty(events[^1]["choices"]!.AsArray());
        Assert.All(events[..^1], e => Assert.True(e.AsObject().ContainsKey("usage") && e["usage"] is null));
        foreach (JsonNode? choice in whole["choices"]!.AsArray())
        {
            JsonNode[] own = [.. events[..^1].Select(e => e["choices"]![0]!).Where(c => (int)c["index"]! == (int)choice!["index"]!)];
            Assert.Equal("assistant", (string)own[0]["delta"]!["role"]!);
            Assert.All(own[1..], c => Assert.False(c["delta"]!.AsObject().ContainsKey("role")));
            Assert.Equal((string)choice!["message"]!["content"]!, string.Concat(own.Select(c => (string?)c["delta"]!["content"])));
            Assert.All(own[..^1], c => Assert.Null(c["finish_reason"]));
            Assert.Equal((string)choice["finish_reason"]!, (string)own[^1]["finish_reason"]!);
        }
        // Several answers are sent side by side, not one after the other.
        int[] order = [.. events[..^1].Select(e => (int)e["choices"]![0]!["index"]!)];
        Assert.True(order.Zip(order.Skip(1)).Count(p => p.First != p.Second) > 4);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public async Task Log_probabilities_come_with_the_chunks(int top)
    {
        JsonObject Asked(bool stream)
        {
            JsonObject body = Body(stream, n: 2);
            (body["logprobs"], body["top_logprobs"]) = (true, top);
            return body;
        }
        JsonNode whole = await server.Done(Chat, Asked(false).ToJsonString());
        List<JsonNode> events = await server.Events(Chat, Asked(true).ToJsonString());
        foreach (JsonNode? choice in whole["choices"]!.AsArray())
        {
            JsonNode[] expected = [.. choice!["logprobs"]!["content"]!.AsArray().Select(t => t!)];
            JsonNode[] got = [.. events.Select(e => e["choices"]![0]!).Where(c => (int)c["index"]! == (int)choice["index"]!)
                .SelectMany(c => c["logprobs"]?["content"]!.AsArray().Select(t => t!) ?? [])];
            Assert.Equal(expected.Select(t => (string)t["token"]!), got.Select(t => (string)t["token"]!));
            Assert.Equal(expected.Select(t => (double)t["logprob"]!), got.Select(t => (double)t["logprob"]!),
                (double a, double b) => Math.Abs(a - b) < 1e-4);
            Assert.All(got, t => Assert.Equal(top, t["top_logprobs"]!.AsArray().Count));
        }
    }

    [Fact]
    public async Task No_part_of_a_stop_string_is_sent()
    {
        string all = (string)(await server.Done(Chat, Body(stream: false).ToJsonString()))["choices"]![0]!["message"]!["content"]!;
        for (int at = 2; at + 6 < all.Length; at += 7)
        {
            JsonObject Asked(bool stream)
            {
                JsonObject body = Body(stream);
                body["stop"] = new JsonArray(all.Substring(at, 5), "never there");
                return body;
            }
            string whole = (string)(await server.Done(Chat, Asked(false).ToJsonString()))["choices"]![0]!["message"]!["content"]!;
            List<JsonNode> events = await server.Events(Chat, Asked(true).ToJsonString());
            Assert.Equal(whole, string.Concat(events.Select(e => (string?)e["choices"]![0]!["delta"]!["content"])));
            Assert.Equal(all[..all.IndexOf(all.Substring(at, 5), StringComparison.Ordinal)], whole);
            Assert.Equal("stop", (string)events[^1]["choices"]![0]!["finish_reason"]!);
        }
    }

    [Fact]
    public async Task Token_ids_come_where_they_are_asked_for()
    {
        JsonObject Asked(bool stream)
        {
            JsonObject body = Body(stream);
            body["return_token_ids"] = true;
            return body;
        }
        JsonNode whole = await server.Done(Chat, Asked(false).ToJsonString());
        List<JsonNode> events = await server.Events(Chat, Asked(true).ToJsonString());
        Assert.Equal(whole["prompt_token_ids"]!.ToJsonString(), events[0]["prompt_token_ids"]!.ToJsonString());
        Assert.All(events[1..], e => Assert.Null(e["prompt_token_ids"]));
        int[] expected = [.. whole["choices"]![0]!["token_ids"]!.AsArray().Select(id => (int)id!)];
        Assert.Equal((int)whole["usage"]!["completion_tokens"]!, expected.Length);
        Assert.Equal(expected, events.SelectMany(e => e["choices"]![0]!["token_ids"]?.AsArray() ?? []).Select(id => (int)id!));
        JsonObject again = new()
        {
            ["model"] = "tiny", ["prompt"] = whole["prompt_token_ids"]!.DeepClone(), ["max_tokens"] = 30, ["seed"] = 5,
            ["return_token_ids"] = true, ["logit_bias"] = Body(stream: false)["logit_bias"]!.DeepClone(),
        };
        JsonNode text = (await server.Done("/v1/completions", again.ToJsonString()))["choices"]![0]!;
        Assert.Equal(expected, text["token_ids"]!.AsArray().Select(id => (int)id!));
        Assert.Equal(whole["prompt_token_ids"]!.ToJsonString(), text["prompt_token_ids"]!.ToJsonString());
    }
}
