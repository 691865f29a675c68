using System.Net;
using Hone.Cli.Tests;
using Hone.Server;
using Microsoft.AspNetCore.Builder;

namespace Hone.Browser.Tests;

/// <summary>A server of two tiny models and a reward model, with an arena.</summary>
public sealed class Served : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly ServedModels _models = new();
    private WebApplication? _server;

    public string Address => _server!.Urls.Single();

    public string Votes => _folder.File("votes.jsonl");

    public async ValueTask InitializeAsync()
    {
        _models.Add(ServedModel.Open(TinyModel.Write(_folder.File("first"), seed: 1), device: "cpu"));
        _models.Add(ServedModel.Open(TinyModel.Write(_folder.File("second"), seed: 2), device: "cpu"));
        _models.Add(ServedModel.Open(TinyModel.WriteReward(_folder.File("reward")), device: "cpu"));
        _server = HoneServer.Create(_models, IPAddress.Loopback, 0, null, TimeProvider.System, new ServerLimits(),
            arena: new ArenaHall(VoteFile.Open(Votes)));
        await _server.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _server!.DisposeAsync();
        await _models.DisposeAsync();
        _folder.Dispose();
    }
}
