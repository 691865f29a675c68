using Hone.Runs.Metrics;

namespace Hone.Workflow.Tests.Loop;

/// <summary>The whole loop with losses other than the usual: KTO, LD-DPO, WPO, and the guard on spikes.</summary>
public sealed class LossRunTests(Unbroken unbroken) : IDisposable
{
    private static readonly string[] s_losses =
    [
        "offline_dpo.loss=kto", "offline_dpo.desirable_weight=1.5", "online.ld_alpha=0.5", "online.weight_by_policy=true",
        "online.skip_spikes=10", "sft.checkpoint_activations=auto",
        "sft.keep=best", "sft.epochs=4", "sft.learning_rate=0.05",
    ];

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Stopped_after_every_fourth_optimiser_step_it_ends_with_the_same_bytes() => Stopped(4);

    [Fact(Explicit = true)]
    public void Stopped_after_every_optimiser_step_it_ends_with_the_same_bytes() => Stopped(1);

    private void Stopped(int steps)
    {
        TinyRun straight = new(_folder.File("straight"), unbroken.Model), stopped = new(_folder.File("stopped"), unbroken.Model);
        straight.Go(set: s_losses);
        while (stopped.StopAfter(steps, set: s_losses)) { }
        Artefacts.AssertEqual(straight.Folder, stopped.Folder);
        string kept = straight.Lines.Single(l => l.Contains("are kept, with the lowest held-out loss", StringComparison.Ordinal));
        MetricsRow[] rows = [.. MetricsRow.Read(straight.File("metrics.jsonl"))];
        MetricsRow best = rows.Where(r => r.Stage == "sft" && r.Values.ContainsKey("eval/loss")).MinBy(r => r.Values["eval/loss"])!;
        Assert.Contains($"the weights of step {best.Step} ", kept, StringComparison.Ordinal);
        // At the first step policy and reference agree: every ratio is 0, so the loss is half of the mean weight.
        MetricsRow first = rows.First(r => r.Stage == "offline-dpo");
        Assert.InRange(first.Values["loss"], 0.5, 0.75);
        Assert.Equal(0, first.Values["kl"], 1e-4);
        Assert.Contains(rows, r => r.Stage == "offline-dpo" && r.Values.ContainsKey("eval/loss"));
        Assert.All(rows.Where(r => r.Stage == "online-1/dpo"), r => Assert.InRange(r.Values["wpo_weight"], 1e-6, 1));
    }

    /// <summary>The embedded world's pairs have no margins.</summary>
    [Fact]
    public void A_margin_that_no_row_has_is_refused() => Assert.Contains("reward.margin is set", Assert.Throws<InputException>(() =>
        new TinyRun(_folder.File("run"), unbroken.Model).Go(set: ["reward.margin=1"])).Message, StringComparison.Ordinal);
}
