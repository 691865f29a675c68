using System.Net;
using System.Text.Json.Nodes;
using Hone.Cli.Tests;
using Microsoft.AspNetCore.Builder;

namespace Hone.Server.Tests;

public sealed class WeightStoreTests : IAsyncLifetime
{
    private const string Update = "/update_weights_from_disk";

    private readonly TempFolder _folder = new();
    private readonly ServedModels _models = new();
    private WebApplication? _app;
    private HttpClient? _client;

    public async ValueTask InitializeAsync()
    {
        _models.Add(ServedModel.Open(TinyModel.Write(_folder.File("started"), seed: 1), "tiny", device: "cpu"));
        TinyModel.Write(_folder.File("weights/next"), seed: 5);
        TinyModel.WriteReward(_folder.File("weights/reward"));
        Directory.CreateDirectory(_folder.File("weights/empty"));
        Directory.CreateSymbolicLink(_folder.File("weights/link"), _folder.File("started"));
        _app = HoneServer.Create(_models, IPAddress.Loopback, 0, null, TimeProvider.System, new ServerLimits(), null,
            new WeightStore(_folder.File("weights"), "cpu", "float32"));
        await _app.StartAsync();
        _client = new HttpClient { BaseAddress = new Uri(_app.Urls.Single()) };
    }

    [Fact]
    public async Task Answers_come_from_the_new_weights_and_say_so()
    {
        JsonNode before = await Ask();
        (int status, JsonNode answer) = await Post(Update, """{"model_path":"next","weight_version":"v2","flush_cache":true}""");
        Assert.Equal((200, true), (status, (bool)answer["success"]!));
        JsonNode after = await Ask();
        Assert.Null(before["weight_version"]);
        Assert.Equal("v2", (string?)after["weight_version"]);
        Assert.NotEqual(before["choices"]![0]!["logprobs"]!.ToJsonString(), after["choices"]![0]!["logprobs"]!.ToJsonString());
        Assert.Equal("v2", (string?)JsonNode.Parse(await _client!.GetStringAsync("/v1/models"))!["data"]![0]!["weight_version"]);
    }

    /// <summary>A request that has begun ends on the weights that it began with; the change waits for it.</summary>
    [Fact]
    public async Task Requests_under_way_are_not_mixed()
    {
        string before = Signed(await Ask(200));
        var asking = new CancellationTokenSource();
        var begun = new TaskCompletionSource();
        Task<List<string>>[] asked = [.. Enumerable.Range(0, 4).Select(async _ =>
        {
            List<string> answers = [];
            while (!asking.IsCancellationRequested)
            {
                answers.Add(Signed(await Ask(200)));
                begun.TrySetResult();
            }
            return answers;
        })];
        await begun.Task; // one has been answered, and others are under way
        await Post(Update, """{"model_path":"next","weight_version":"v2"}""");
        string after = Signed(await Ask(200));
        await asking.CancelAsync();
        string[] all = [.. (await Task.WhenAll(asked)).SelectMany(a => a)];
        Assert.Contains(before, all);
        Assert.All(all, answer => Assert.Contains(answer, (string[])[before, after]));
    }

    [Theory]
    [InlineData("../started")]
    [InlineData("next/../../started")]
    [InlineData("link")]
    [InlineData("/etc")]
    [InlineData(".")]
    [InlineData("none")]
    [InlineData("empty")]
    [InlineData("reward")]
    public async Task What_cannot_be_served_changes_nothing(string path)
    {
        string before = (await Ask()).ToJsonString();
        (int status, _) = await Post(Update, new JsonObject { ["model_path"] = path }.ToJsonString());
        Assert.InRange(status, 400, 404);
        Assert.Equal(Choices(before), Choices((await Ask()).ToJsonString()));
        static string Choices(string answer) => JsonNode.Parse(answer)!["choices"]!.ToJsonString();
    }

    public async ValueTask DisposeAsync()
    {
        _client!.Dispose();
        await _app!.DisposeAsync();
        await _models.DisposeAsync();
        _folder.Dispose();
    }

    private static string Signed(JsonNode answer) => $"{answer["weight_version"]} {answer["choices"]!.ToJsonString()}";

    private async Task<JsonNode> Ask(int most = 8)
    {
        (int status, JsonNode answer) = await Post("/inference/v1/generate",
            $$"""{"model":"tiny","token_ids":[1,5,9],"sampling_params":{"temperature":0,"max_tokens":{{most}} } }""");
        Assert.Equal(200, status);
        return answer;
    }

    private Task<(int Status, JsonNode Answer)> Post(string route, string body) => TestServer.Post(_client!, route, body);
}
