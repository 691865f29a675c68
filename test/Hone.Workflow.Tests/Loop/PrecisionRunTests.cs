using Hone.Runs.Metrics;

namespace Hone.Workflow.Tests.Loop;

/// <summary>The same trainings in bf16 and in fp32; bench/Training has the long form.</summary>
public sealed class PrecisionRunTests(Unbroken unbroken) : IDisposable
{
    private static readonly string[] s_short =
    [
        "sft.epochs=12", "offline_dpo.epochs=6", "reward.enabled=false", "online.enabled=false", "evaluation.enabled=false",
        "sft.save_every=0", "offline_dpo.save_every=0",
    ];

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Bf16s_loss_stays_beside_fp32s_and_dpo_begins_at_ln_2()
    {
        double[] Losses(string precision, string stage)
        {
            string folder = _folder.File(precision);
            if (!Directory.Exists(folder)) new TinyRun(folder, unbroken.Model).Go(set: [.. s_short, $"precision={precision}"]);
            return [.. MetricsRow.Read(Path.Combine(folder, "metrics.jsonl"))
                .Where(r => r.Stage == stage && r.Values.ContainsKey("loss")).Select(r => r.Values["loss"])];
        }
        foreach (string stage in new[] { "sft", "offline-dpo" })
        {
            double[] fp32 = Losses("fp32", stage), bf16 = Losses("bf16", stage);
            Assert.True(fp32.Length >= 24 && fp32.Length == bf16.Length, $"{stage}: {fp32.Length} and {bf16.Length} steps");
            Assert.True(fp32[^1] < fp32[0]);
            // bf16 has 8 significant bits; a step's loss is a mean over many products.
            Assert.All(fp32.Zip(bf16), l => Assert.InRange(l.Second, l.First - (0.02 * fp32[0]), l.First + (0.02 * fp32[0])));
        }
        Assert.Equal(Math.Log(2), Losses("bf16", "offline-dpo")[0], 1e-3);
    }
}
