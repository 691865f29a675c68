using System.Net;
using Hone.Runs;
using Hone.Server;
using Hone.Workflow.Tests.Loop;
using Microsoft.AspNetCore.Builder;

namespace Hone.Workflow.Tests.Workers;

/// <summary>The whole loop with two workers beside the loop alone.</summary>
public sealed class WorkerRunTests(Unbroken unbroken) : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly List<IAsyncDisposable> _servers = [];

    /// <summary>
    /// Every sampled file has the same bytes, so DPO learns from the same answers. Equal to rounding alone are rewards of the workers and
    /// what follows from their last digits.
    /// </summary>
    [Fact]
    public async Task A_run_with_two_workers_of_which_one_dies_ends_as_it_does_alone()
    {
        (string a, _) = await ServeAsync();
        (string b, WebApplication dying) = await ServeAsync();
        var run = new TinyRun(_folder.File("run"), unbroken.Model);
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        RunResults results = await Task.Run(() => run.Go(set: [$"workers=[{a}, {b}]", "worker.tolerance=1e-4"], heard: line =>
        {
            if (line.StartsWith("iteration 1:", StringComparison.Ordinal)) dying.StopAsync(now.Token).GetAwaiter().GetResult();
        }));
        TinyRun alone = unbroken.Run;
        foreach (string stage in new[] { "online-1", "online-2" })
            Assert.Equal(File.ReadAllText(alone.File($"{stage}/samples/samples-00000.jsonl")),
                File.ReadAllText(run.File($"{stage}/samples/samples-00000.jsonl")));
        Assert.Equal(unbroken.Results.Rows.Select(r => r.Name), results.Rows.Select(r => r.Name));
        Assert.All(unbroken.Results.Rows.Zip(results.Rows), p =>
        {
            Assert.Equal(p.First.RmReward!.Value.Value, p.Second.RmReward!.Value.Value, 1e-4);
            Assert.Equal(p.First.Kl?.Value ?? 0, p.Second.Kl?.Value ?? 0, 1e-3);
            Assert.Equal(p.First.GoldWinRate?.Value, p.Second.GoldWinRate?.Value);
        });
        Assert.Contains(run.Lines, line => line.StartsWith($"worker {a}: base by /inference/v1/generate", StringComparison.Ordinal));
        Assert.Contains(run.Lines, line => line.StartsWith($"worker {b} cannot be asked", StringComparison.Ordinal));
        Assert.DoesNotContain(Directory.EnumerateFiles(run.Folder, "answers.db*", SearchOption.AllDirectories), _ => true);
    }

    [Fact]
    public async Task With_an_adapter_each_iteration_is_loaded_beside_the_base()
    {
        string[] set = ["adapter.rank=2", "adapter.alpha=4", "online.iterations=1", "offline_dpo.enabled=false"];
        var alone = new TinyRun(_folder.File("run"), unbroken.Model);
        alone.Go(set: set);
        string samples = File.ReadAllText(alone.File("online-1/samples/samples-00000.jsonl"));
        Directory.Delete(alone.Folder, recursive: true); // an adapter names its base by its path
        var run = new TinyRun(_folder.File("run"), unbroken.Model);
        (string a, _) = await ServeAsync();
        await Task.Run(() => run.Go(set: [.. set, $"workers=[{a}]", "worker.tolerance=1e-4"]));
        Assert.Equal(samples, File.ReadAllText(run.File("online-1/samples/samples-00000.jsonl")));
    }

    [Fact]
    public async Task With_a_worker_that_only_scores_the_engine_that_samples_here_is_measured()
    {
        var run = new TinyRun(_folder.File("run"), unbroken.Model);
        (string a, _) = await ServeAsync(language: false);
        RunResults results = await Task.Run(() => run.Go(set: ["online.iterations=1", "offline_dpo.enabled=false", $"workers=[{a}]"]));
        Assert.InRange(results.Iterations[0].Sampler!.MeanKl, -1e-9, 1e-6);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable server in _servers) await server.DisposeAsync();
        _folder.Dispose();
    }

    private async Task<(string Url, WebApplication Server)> ServeAsync(bool language = true)
    {
        var models = new ServedModels();
        if (language) models.Add(ServedModel.Open(unbroken.Model, device: "cpu"));
        models.Add(ServedModel.Open(unbroken.Run.File("reward/model"), "reward", device: "cpu"));
        WebApplication app = HoneServer.Create(models, IPAddress.Loopback, 0, null, TimeProvider.System, new ServerLimits(),
            new AdapterStore(_folder.Path, "cpu", "float32"), new WeightStore(_folder.Path, "cpu", "float32"));
        await app.StartAsync();
        _servers.Add(app);
        _servers.Add(models);
        return (app.Urls.Single(), app);
    }
}
