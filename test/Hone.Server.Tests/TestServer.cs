using System.Net;
using System.Text.Json.Nodes;
using Hone.Cli.Tests;
using Microsoft.AspNetCore.Builder;

// One computation at a time, as on the machine of a user.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]

namespace Hone.Server.Tests;

/// <summary>A server of a tiny random model and a tiny reward model on a free port.</summary>
public sealed class TestServer : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly ServedModels _models = new();
    private WebApplication? _server;

    /// <summary>Of the language model.</summary>
    public string Folder { get; private set; } = "";

    /// <summary>Of the reward model.</summary>
    public string RewardFolder { get; private set; } = "";

    internal ServedModels Models => _models;

    internal ServedModel Model => _models.Find("tiny");

    public Uri Address => new(_server!.Urls.Single());

    public HttpClient Client { get; } = new();

    public async ValueTask InitializeAsync()
    {
        Folder = TinyModel.Write(_folder.File("tiny"));
        RewardFolder = TinyModel.WriteReward(_folder.File("reward"));
        _models.Add(ServedModel.Open(Folder, device: "cpu"));
        _models.Add(ServedModel.Open(RewardFolder, device: "cpu"));
        _server = HoneServer.Create(_models, IPAddress.Loopback, 0, null, TimeProvider.System);
        await _server.StartAsync();
        Client.BaseAddress = Address;
    }

    public Task<(int Status, JsonNode Answer)> Post(string route, string body) => Post(Client, route, body);

    public static async Task<(int Status, JsonNode Answer)> Post(HttpClient client, string route, string body)
    {
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await client.PostAsync(route, content);
        return ((int)response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync())!);
    }

    /// <summary>The answer of a request that must succeed.</summary>
    public async Task<JsonNode> Done(string route, string body)
    {
        (int status, JsonNode answer) = await Post(route, body);
        Assert.True(status == 200, answer.ToJsonString());
        return answer;
    }

    /// <summary>The events of a stream, in order, <c>[DONE]</c> left out, which must be its last.</summary>
    public async Task<List<JsonNode>> Events(string route, string body)
    {
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await Client.PostAsync(route, content);
        string text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.OK, text);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        string[] events = text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.All(events, e => Assert.StartsWith("data: ", e, StringComparison.Ordinal));
        Assert.Equal("data: [DONE]", events[^1]);
        return [.. events[..^1].Select(e => JsonNode.Parse(e["data: ".Length..])!)];
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _server!.DisposeAsync();
        await _models.DisposeAsync();
        _folder.Dispose();
    }
}
