using System.Collections.Concurrent;
using System.Net;
using Hone.Data;
using Hone.Inference;
using Hone.Models;
using Hone.Runs.Recipes;
using Hone.Server;
using Hone.Text;
using Hone.Workflow.Tests.Loop;
using Hone.Workflow.Workers;
using Microsoft.AspNetCore.Builder;

namespace Hone.Workflow.Tests.Workers;

/// <summary>A policy, its answers as this process samples them, and servers to sample the same.</summary>
public abstract class FleetTest : IAsyncDisposable
{
    private const int Limit = 12;
    private static readonly SampleOptions[] s_groups = [new() { Count = 2 }, new() { Count = 1, Temperature = 0.7, TopP = 0.9 }];
    private readonly List<IAsyncDisposable> _servers = [];
    private readonly Lazy<PretrainedModel> _policy;

    protected FleetTest() => _policy = new(() => Open(Model(1)));

    private protected TempFolder Folder { get; } = new();

    /// <summary>What the fleets said.</summary>
    private protected ConcurrentQueue<string> Said { get; } = [];

    private protected PretrainedModel Policy => _policy.Value;

    private protected static IReadOnlyList<PromptRow> Prompts { get; } =
        [.. Enumerable.Range(0, 12).Select(i => new PromptRow([ChatMessage.User($"{(char)('a' + i)} garden")]))];

    /// <summary>The folder of a model of random weights, by a number.</summary>
    private protected string Model(int seed)
    {
        string folder = Folder.File($"models/{seed}");
        if (!Directory.Exists(folder)) TinyModel.Write(folder, (ulong)seed);
        return folder;
    }

    private protected static PretrainedModel Open(string folder) =>
        PretrainedModel.Open(folder, ComputeTarget.Parse("cpu", "float32"));

    private protected async Task<StandIn> StandInAsync(Speaks speaks, int seed = 1, SamplingFormat format = SamplingFormat.Auto)
    {
        StandIn server = await StandIn.StartAsync(Model(seed), speaks, format);
        _servers.Add(server);
        return server;
    }

    /// <summary>`hone serve` as it is, with the folder of models open for weights and adapters.</summary>
    private protected async Task<string> ServeAsync(params string[] folders)
    {
        var models = new ServedModels();
        foreach (string folder in folders) models.Add(ServedModel.Open(folder, device: "cpu"));
        WebApplication app = HoneServer.Create(models, IPAddress.Loopback, 0, null, TimeProvider.System, new ServerLimits(),
            new AdapterStore(Folder.Path, "cpu", "float32"), new WeightStore(Folder.Path, "cpu", "float32"));
        await app.StartAsync();
        _servers.Add(app);
        _servers.Add(models);
        return app.Urls.Single();
    }

    private protected WorkerFleet Fleet(params string[] urls) => Fleet(new WorkerOptions { Timeout = 5 }, urls);

    private protected WorkerFleet Fleet(WorkerOptions options, params string[] urls)
    {
        var fleet = new WorkerFleet(urls, options, Said.Enqueue, TimeProvider.System, TimeSpan.FromMilliseconds(5));
        _servers.Add(new Disposed(fleet));
        return fleet;
    }

    /// <summary>Samples as a stage does; on another thread, for the servers are in this process.</summary>
    /// <param name="policy">Null for the first model.</param>
    /// <param name="own">Whether the policy is the user's own, with which a server may have been started.</param>
    private protected Task<IReadOnlyList<SampleRow>> SampleAsync(
        WorkerFleet fleet, PretrainedModel? policy = null, bool own = true, CancellationToken cancel = default) => Task.Run(() =>
    {
        policy ??= Policy;
        var target = new WorkerTarget(policy.Path, $"v{Path.GetFileName(policy.Path)}", own);
        IGenerationEngine engine = fleet.Engine(policy, target, Folder.File("kept/answers.db"), cancel)!;
        return AnswerSampling.Sample(engine, policy.Text, Prompts, s_groups, Limit, seed: 7, cancel);
    }, CancellationToken.None);

    /// <summary>The rows as a stage writes them, sampled here.</summary>
    private protected string Here(PretrainedModel? by = null) =>
        Text(AnswerSampling.Sample((by ?? Policy).CreateEngine(), Policy.Text, Prompts, s_groups, Limit, seed: 7, default));

    private protected string Text(IReadOnlyList<SampleRow> rows)
    {
        string file = Folder.File($"{Guid.NewGuid():N}.jsonl");
        RowFile.Write(file, rows);
        return File.ReadAllText(file);
    }

    /// <summary>An adapter on a model that changes its answers, as PEFT folder.</summary>
    private protected string Adapter(string name, string baseFolder, double size)
    {
        string folder = Folder.File($"adapters/{name}");
        using PretrainedModel model = PretrainedModel.Open(
            baseFolder, ComputeTarget.Parse("cpu", "float32"), new TrainingStart(new LoraOptions { Rank = 2, Alpha = 4 }, Seed: 3));
        using (TorchSharp.torch.no_grad())
            foreach (TorchSharp.torch.Tensor weight in model.Model.Trainable.Values) weight.fill_(size);
        CheckpointFolder.SaveAdapter(folder, model.Model, baseFolder, tokenizerFolder: baseFolder);
        return folder;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable server in _servers) await server.DisposeAsync();
        if (_policy.IsValueCreated) _policy.Value.Dispose();
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private sealed class Disposed(IDisposable of) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            of.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
