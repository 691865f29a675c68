using System.Net;
using System.Text.Json.Nodes;
using Hone.Cli.Tests;
using Microsoft.AspNetCore.Builder;

// One computation at a time, as on the machine of a user.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]

namespace Hone.Server.Tests;

/// <summary>A server of a tiny random model on a free port.</summary>
public sealed class TestServer : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private ServedModel? _model;
    private WebApplication? _server;

    public string Folder { get; private set; } = "";

    internal ServedModel Model => _model!;

    public Uri Address => new(_server!.Urls.Single());

    public HttpClient Client { get; } = new();

    public async ValueTask InitializeAsync()
    {
        Folder = TinyModel.Write(_folder.File("tiny"));
        _model = ServedModel.Open(Folder, device: "cpu");
        _server = HoneServer.Create(_model, IPAddress.Loopback, 0, null, TimeProvider.System);
        await _server.StartAsync();
        Client.BaseAddress = Address;
    }

    public async Task<(int Status, JsonNode Answer)> Post(string route, string body)
    {
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await Client.PostAsync(route, content);
        return ((int)response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync())!);
    }

    /// <summary>The answer of a request that must succeed.</summary>
    public async Task<JsonNode> Done(string route, string body)
    {
        (int status, JsonNode answer) = await Post(route, body);
        Assert.True(status == 200, answer.ToJsonString());
        return answer;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _server!.DisposeAsync();
        await _model!.DisposeAsync();
        _folder.Dispose();
    }
}
