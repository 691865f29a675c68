using System.Net;
using Hone.Data;
using Hone.Runs;
using Hone.Server;
using Hone.Workflow.Tests.Loop;
using Microsoft.AspNetCore.Builder;

namespace Hone.Workflow.Tests.Workers;

/// <summary>The whole loop with two workers beside the loop alone.</summary>
public sealed class WorkerRunTests(Unbroken unbroken) : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>
    /// Every sampled file has the same bytes, so SFT, reward model and DPO learn from the same answers and the policies are the same. Equal
    /// to rounding alone are rewards of the workers and what follows from their last digits.
    /// </summary>
    [Fact]
    public async Task A_run_with_two_workers_ends_as_it_does_alone()
    {
        string a = await ServeAsync(unbroken.Model), b = await ServeAsync(unbroken.Model);
        var run = new TinyRun(_folder.File("run"), unbroken.Model);
        RunResults results = await Task.Run(() => run.Go(set: [$"workers=[{a}, {b}]", "worker.tolerance=1e-4"]));
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
        Assert.Contains(run.Lines, line => line.StartsWith($"worker {a}: ", StringComparison.Ordinal));
        Assert.DoesNotContain(Directory.EnumerateFiles(run.Folder, "answers.db*", SearchOption.AllDirectories), _ => true);
    }

    private async Task<string> ServeAsync(string folder)
    {
        var models = new ServedModels();
        models.Add(ServedModel.Open(folder, device: "cpu"));
        models.Add(ServedModel.Open(unbroken.Run.File("reward/model"), "reward", device: "cpu"));
        WebApplication app = HoneServer.Create(models, IPAddress.Loopback, 0, null, TimeProvider.System, new ServerLimits(), null,
            new WeightStore(_folder.Path, "cpu", "float32"));
        await app.StartAsync();
        return app.Urls.Single();
    }
}
