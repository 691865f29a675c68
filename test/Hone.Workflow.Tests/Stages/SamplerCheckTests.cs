using Hone.Runs;
using Hone.Workflow.Tests.Loop;

namespace Hone.Workflow.Tests.Stages;

public sealed class SamplerCheckTests(Unbroken unbroken) : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public void Every_iteration_tells_how_far_its_samples_engine_is_from_the_policy()
    {
        Assert.Equal(2, unbroken.Results.Iterations.Count);
        Assert.All(unbroken.Results.Iterations, i =>
        {
            Assert.InRange(i.Sampler!.MeanKl, -1e-9, 1e-6); // both in fp32
            Assert.InRange(i.Sampler.TopAgreement, 0.99, 1);
            Assert.InRange(i.Sampler.Tokens, 32, 4 * 32);
        });
        Assert.Contains("\"sampler/kl\":", File.ReadAllText(unbroken.Run.File("metrics.jsonl")), StringComparison.Ordinal);
        Assert.Contains("sampler KL per token", File.ReadAllText(unbroken.Run.File("report.html")), StringComparison.Ordinal);
        Assert.Contains(unbroken.Run.Lines, l => l.Contains("nats per token from the policy", StringComparison.Ordinal));
    }

    [Fact]
    public void A_sampler_beyond_the_limit_stops_the_run_with_both_numbers_and_what_to_do()
    {
        TinyRun run = new(_folder.File("run"), unbroken.Model);
        InputException e = Assert.Throws<InputException>(() => run.Go(
            set: ["online.iterations=1", "sampling.format=int4", "sampling.max_kl_from_training=1e-6"]));
        Assert.Matches(@"\(int4\) is [0-9.E-]+ nats per token .* the limit is 1E-06", e.Message);
        Assert.Contains("sampling.format: bf16 or fp32", e.Message, StringComparison.Ordinal);
        // With a wider limit it goes on from there.
        RunResults results = run.Go(set: ["online.iterations=1", "sampling.format=int4", "sampling.max_kl_from_training=100"]);
        Assert.InRange(results.Iterations[0].Sampler!.MeanKl, 1e-6, 100);
    }

    public void Dispose() => _folder.Dispose();
}
