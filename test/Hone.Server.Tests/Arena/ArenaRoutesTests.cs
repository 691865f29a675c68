using System.Net;
using System.Text.Json.Nodes;
using Hone.Cli.Tests;
using Hone.Data;
using Hone.Text;
using Microsoft.AspNetCore.Builder;

namespace Hone.Server.Tests;

public sealed class ArenaRoutesTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly ServedModels _models = new();
    private readonly HttpClient _client = new();
    private WebApplication? _server;

    public async ValueTask InitializeAsync()
    {
        _models.Add(ServedModel.Open(TinyModel.Write(_folder.File("one"), seed: 1), device: "cpu"));
        _models.Add(ServedModel.Open(TinyModel.Write(_folder.File("two"), seed: 2), device: "cpu"));
        _models.Add(ServedModel.Open(TinyModel.WriteReward(_folder.File("reward")), device: "cpu"));
        _server = HoneServer.Create(_models, IPAddress.Loopback, 0, null, TimeProvider.System, new ServerLimits(),
            arena: new ArenaHall(VoteFile.Open(_folder.File("votes.jsonl"))));
        await _server.StartAsync();
        _client.BaseAddress = new Uri(_server.Urls.Single());
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _server!.DisposeAsync();
        await _models.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Answers_come_unnamed_and_the_vote_tells_the_names()
    {
        (string text, JsonNode[] events) = await Battle("hello");
        Assert.DoesNotContain("\"one\"", text, StringComparison.Ordinal);
        Assert.DoesNotContain("\"two\"", text, StringComparison.Ordinal);
        (HttpStatusCode status, JsonNode told) = await Post("/arena/votes", $$"""{"battle": "{{Id(events)}}", "vote": "right"}""");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(["one", "two"], new[] { (string)told["left"]!, (string)told["right"]! }.Order());
        PairRow pair = Assert.Single(RowFile.ReadPairs(_folder.File("votes.jsonl")));
        Assert.Equal((Side(events, "right"), Side(events, "left")), (pair.Chosen, pair.Rejected));
        Assert.Equal("hello", Assert.Single(pair.Prompt).Content);
        JsonNode table = JsonNode.Parse(await _client.GetStringAsync("/arena/table"))!;
        Assert.Equal((1, 1, 2), ((int)table["votes"]!, (int)table["pairs"]!, table["models"]!.AsArray().Count));
        Assert.Equal(2, (int)table["candidates"]!);
    }

    /// <summary>The voted answer is read by both as what was said before; the next vote is a row of several turns.</summary>
    [Fact]
    public async Task A_conversation_goes_on_from_the_answer_that_was_voted_for()
    {
        (_, JsonNode[] first) = await Battle("hello");
        await Post("/arena/votes", $$"""{"battle": "{{Id(first)}}", "vote": "left"}""");
        var answer = new JsonObject { ["role"] = "assistant", ["content"] = Side(first, "left") };
        (_, JsonNode[] second) = await Converse(Turn("hello"), answer, Turn("and then?"));
        Assert.Equal(HttpStatusCode.OK, (await Post("/arena/votes", $$"""{"battle": "{{Id(second)}}", "vote": "right"}""")).Status);
        PairRow pair = RowFile.ReadPairs(_folder.File("votes.jsonl")).Last();
        Assert.Equal(["user", "assistant", "user"], pair.Prompt.Select(t => t.Role));
        Assert.Equal(["hello", Side(first, "left"), "and then?"], pair.Prompt.Select(t => t.Content));
        Assert.Equal((Side(second, "right"), Side(second, "left")), (pair.Chosen, pair.Rejected));
    }

    /// <summary>Its intervals were computed at every look.</summary>
    [Fact]
    public async Task The_table_is_kept_until_there_is_another_vote()
    {
        var hall = new ArenaHall(VoteFile.Open(_folder.File("others.jsonl")));
        Task<VoteTable> none = hall.TableAsync();
        Assert.Same(none, hall.TableAsync());
        hall.Votes.Add(new Vote(DateTimeOffset.UnixEpoch, "one", "two", Vote.A, [ChatMessage.User("hello")], "yes", "no"));
        Assert.Equal((0, 1), ((await none).Votes, (await hall.TableAsync()).Votes));
    }

    [Fact]
    public async Task Sides_are_drawn_by_chance()
    {
        HashSet<string> left = [];
        for (int i = 0; i < 40 && left.Count < 2; i++)
        {
            (_, JsonNode[] events) = await Battle("hello");
            left.Add((string)(await Post("/arena/votes", $$"""{"battle": "{{Id(events)}}", "vote": "tie"}""")).Answer["left"]!);
        }
        Assert.Equal(2, left.Count);
        Assert.Empty(RowFile.ReadPairs(_folder.File("votes.jsonl")));
    }

    [Fact]
    public async Task A_battle_is_voted_on_once()
    {
        (_, JsonNode[] events) = await Battle("hello");
        string vote = $$"""{"battle": "{{Id(events)}}", "vote": "both_bad"}""";
        Assert.Equal(HttpStatusCode.OK, (await Post("/arena/votes", vote)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await Post("/arena/votes", vote)).Status);
    }

    [Theory]
    [InlineData("/arena/votes", """{"battle": "battle-0", "vote": "left"}""", 404)]
    [InlineData("/arena/votes", """{"battle": "battle-0", "vote": "middle"}""", 400)]
    [InlineData("/arena/votes", """{"vote": "left"}""", 400)]
    [InlineData("/arena/battles", """{"messages": []}""", 400)]
    [InlineData("/arena/battles", """{"messages": [{"role": "assistant", "content": "x"}]}""", 400)]
    [InlineData("/arena/battles", """{"messages": [{"role": "user", "content": "x"}], "model": "one"}""", 400)]
    [InlineData("/arena/battles", """{"messages": [{"role": "user", "content": "x"}], "max_tokens": 100000}""", 400)]
    public async Task What_is_wrong_is_refused(string route, string body, int status) =>
        Assert.Equal(status, (int)(await Post(route, body)).Status);

    [Fact]
    public async Task Without_a_file_of_votes_there_is_no_arena()
    {
        await using WebApplication plain = HoneServer.Create(_models, IPAddress.Loopback, 0, null, TimeProvider.System);
        await plain.StartAsync();
        Assert.Equal(HttpStatusCode.Forbidden, (await _client.GetAsync(new Uri(plain.Urls.Single() + "/arena/table"))).StatusCode);
    }

    private static string Id(JsonNode[] events) => (string)events[^1]["battle"]!;

    private static string Side(JsonNode[] events, string side) =>
        string.Concat(events.Where(e => (string?)e["side"] == side).Select(e => (string)e["text"]!));

    private static JsonObject Turn(string text) => new() { ["role"] = "user", ["content"] = text };

    private Task<(string Text, JsonNode[] Events)> Battle(string prompt) => Converse(Turn(prompt));

    // Always the same answers: some of a random model are empty, of which nothing can be learnt.
    private async Task<(string Text, JsonNode[] Events)> Converse(params JsonObject[] messages)
    {
        var body = new JsonObject { ["messages"] = new JsonArray([.. messages]), ["max_tokens"] = 12, ["seed"] = 1 };
        using var content = new StringContent(body.ToJsonString(), System.Text.Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await _client.PostAsync("/arena/battles", content);
        string text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.OK, text);
        return (text, [.. text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).SkipLast(1).Select(e => JsonNode.Parse(e[6..])!)]);
    }

    private async Task<(HttpStatusCode Status, JsonNode Answer)> Post(string route, string body)
    {
        (int status, JsonNode answer) = await TestServer.Post(_client, route, body);
        return ((HttpStatusCode)status, answer);
    }
}
