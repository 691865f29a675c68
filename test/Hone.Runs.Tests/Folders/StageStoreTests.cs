using Hone.Runs.Metrics;
using Hone.Runs.Recipes;

namespace Hone.Runs.Tests.Folders;

public sealed class StageStoreTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly List<string> _said = [];

    public void Dispose() => _folder.Dispose();

    private static StageInputs Inputs(double beta = 0.1) => new StageInputs().AddOptions("online", new OnlineOptions { Beta = beta }, "save_every");

    private MetricsLog Metrics() => new(_folder.File("metrics.jsonl"));

    private StageStore Store(MetricsLog metrics, IDurableFiles? files = null) => new(_folder.Path, metrics, files ?? new TracedFiles(_folder.Path), 2, _said.Add);

    private void Clear()
    {
        foreach (string folder in Directory.GetDirectories(_folder.Path)) Directory.Delete(folder, recursive: true);
        foreach (string file in Directory.GetFiles(_folder.Path)) File.Delete(file);
    }

    /// <summary>A stage of six steps that saves a state at every second one and ends with a file.</summary>
    private static void Train(StageFolder stage, MetricsLog metrics, int upTo = 6)
    {
        if (stage.Finished) return;
        for (int step = (stage.Resume?.Step ?? 0) + 1; step <= upTo; step++)
        {
            metrics.Append(stage.Name, step, [new("loss", 1.0 / step)]);
            if (step % 2 == 0) stage.SaveState(step, w => StateStoreTests.Write(w, step));
        }
        if (upTo < 6) return;
        Directory.CreateDirectory(stage.File("model"));
        File.WriteAllText(stage.File("model/weights"), "trained");
        stage.Finish();
    }

    [Fact]
    public void A_finished_stage_is_recognised_and_its_states_are_gone()
    {
        using MetricsLog metrics = Metrics();
        StageFolder stage = Store(metrics).Open("online-1/dpo", Inputs());
        Train(stage, metrics);
        StageFolder again = Store(metrics).Open("online-1/dpo", Inputs());
        Assert.True(again.Finished);
        Assert.Equal(stage.Digest, again.Digest);
        Assert.Equal(["model", "stage.json"], Directory.GetFileSystemEntries(again.Path).Select(Path.GetFileName).Order());
        Assert.Equal("online-1/dpo: already done", Assert.Single(_said));
        Assert.Equal(6, MetricsRow.Read(metrics.Path).Count());
    }

    [Theory]
    [InlineData(6, "was done")]
    [InlineData(3, "was begun")]
    public void A_changed_setting_is_named_and_refused(int steps, string what)
    {
        using MetricsLog metrics = Metrics();
        Train(Store(metrics).Open("dpo", Inputs()), metrics, steps);
        InputException e = Assert.Throws<InputException>(() => Store(metrics).Open("dpo", Inputs(0.2).Add("data", "sha256:1")));
        Assert.Contains($"the stage dpo {what} with other settings:\n    data: (absent) -> sha256:1\n    online.beta: 0.1 -> 0.2\n", e.Message, StringComparison.Ordinal);
        Assert.Contains("--redo dpo", e.Fix, StringComparison.Ordinal);
    }

    [Fact]
    public void Done_again_on_request_it_starts_over_and_takes_its_rows_back()
    {
        using MetricsLog metrics = Metrics();
        Train(Store(metrics).Open("sft", Inputs()), metrics);
        Train(Store(metrics).Open("dpo", Inputs()), metrics);
        StageFolder redone = Store(metrics).Open("dpo", Inputs(0.2), redo: true);
        Assert.False(redone.Finished);
        Assert.Null(redone.Resume);
        Assert.Equal(Enumerable.Repeat("sft", 6), MetricsRow.Read(metrics.Path).Select(r => r.Stage));
        Train(redone, metrics);
        Assert.Equal(12, MetricsRow.Read(metrics.Path).Count());
        Assert.True(Store(metrics).Open("dpo", Inputs(0.2)).Finished);
        Train(Store(metrics).Open("sft", Inputs(), redo: true), metrics);
        Assert.Contains("dpo: came after it and is done again too", _said);
        Assert.False(Store(metrics).Open("dpo", Inputs(0.2)).Finished);
    }

    [Fact]
    public void Rows_that_were_removed_or_changed_are_found()
    {
        using (MetricsLog metrics = Metrics())
        {
            Train(Store(metrics).Open("sft", Inputs()), metrics);
            Train(Store(metrics).Open("dpo", Inputs()), metrics, upTo: 3);
        }
        byte[] good = File.ReadAllBytes(_folder.File("metrics.jsonl"));
        foreach ((string stage, int at) in new[] { ("sft", 12), ("dpo", good.Length * 7 / 10) })
        {
            File.WriteAllBytes(_folder.File("metrics.jsonl"), [.. good[..at], (byte)(good[at] ^ 1), .. good[(at + 1)..]]);
            using MetricsLog metrics = Metrics();
            InputException changed = Assert.Throws<InputException>(() => { foreach (string name in new[] { "sft", "dpo" }) Store(metrics).Open(name, Inputs()); });
            Assert.Contains($"the stage {stage} have changed", changed.Message, StringComparison.Ordinal);
            Assert.Contains($"--redo {stage}", changed.Fix, StringComparison.Ordinal);
        }
        File.WriteAllBytes(_folder.File("metrics.jsonl"), good[..(good.Length / 4)]);
        using MetricsLog cut = Metrics();
        InputException e = Assert.Throws<InputException>(() => Store(cut).Open("sft", Inputs()));
        Assert.Contains("the rows of the finished stage sft are no longer in metrics.jsonl", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Killed_while_it_is_done_again_the_run_ends_the_same()
    {
        byte[]? once = null;
        bool killed = true;
        for (int k = 0; killed; k++)
        {
            Clear();
            killed = false;
            using (MetricsLog metrics = Metrics()) Train(Store(metrics).Open("sft", Inputs()), metrics);
            once ??= File.ReadAllBytes(_folder.File("metrics.jsonl"));
            TracedFiles files = new(_folder.Path) { Fault = (number, _) => { if (killed |= number == k) throw new KilledException(); } };
            using (MetricsLog metrics = Metrics())
            {
                if (Record.Exception(() => Store(metrics, files).Open("sft", Inputs(), redo: true)) is { } e) Assert.IsType<KilledException>(e);
            }
            using (MetricsLog metrics = Metrics())
            {
                // Without the word again, it is either refused by name or goes on with what was begun.
                if (Record.Exception(() => Train(Store(metrics).Open("sft", Inputs()), metrics)) is InputException refused)
                {
                    Assert.Contains("--redo sft", refused.Fix, StringComparison.Ordinal);
                    Train(Store(metrics).Open("sft", Inputs(), redo: true), metrics);
                }
            }
            Assert.Equal(once, File.ReadAllBytes(_folder.File("metrics.jsonl")));
        }
    }

    [Fact]
    public void A_half_done_stage_goes_on_and_the_metrics_end_the_same()
    {
        byte[] unbroken;
        using (MetricsLog metrics = Metrics())
        {
            Train(Store(metrics).Open("sft", Inputs()), metrics);
            Train(Store(metrics).Open("dpo", Inputs()), metrics);
            metrics.Dispose();
            unbroken = File.ReadAllBytes(metrics.Path);
        }
        for (int first = 0; first <= 5; first++)
        {
            for (int second = first; second <= 5; second++)
            {
                Clear();
                foreach (int upTo in new[] { first, second, 6 })
                {
                    using MetricsLog metrics = Metrics();
                    Train(Store(metrics).Open("sft", Inputs()), metrics);
                    Train(Store(metrics).Open("dpo", Inputs()), metrics, upTo);
                }
                Assert.Equal(unbroken, File.ReadAllBytes(_folder.File("metrics.jsonl")));
            }
        }
    }

    [Fact]
    public void Killed_between_any_two_operations_the_run_ends_the_same()
    {
        byte[]? unbroken = null;
        string? digest = null;
        for (int k = -1; ; k++)
        {
            Clear();
            bool killed = false;
            TracedFiles files = new(_folder.Path) { Fault = (number, _) => { if (killed |= number == k) throw new KilledException(); } };
            try
            {
                using MetricsLog metrics = Metrics();
                Train(Store(metrics, files).Open("sft", Inputs()), metrics);
            }
            catch (KilledException)
            {
                Assert.True(killed);
            }
            using (MetricsLog metrics = Metrics())
            {
                StageFolder stage = Store(metrics).Open("sft", Inputs());
                Train(stage, metrics);
                digest ??= stage.Digest;
                Assert.Equal(digest, stage.Digest);
                Assert.Equal(["model", "stage.json"], Directory.GetFileSystemEntries(stage.Path).Select(Path.GetFileName).Order());
            }
            byte[] written = File.ReadAllBytes(_folder.File("metrics.jsonl"));
            unbroken ??= written;
            Assert.Equal(unbroken, written);
            if (k >= 0 && !killed) break;
        }
    }

    [Fact]
    public void A_changed_result_is_named()
    {
        using MetricsLog metrics = Metrics();
        StageFolder stage = Store(metrics).Open("sft", Inputs());
        Train(stage, metrics);
        File.WriteAllText(stage.File("model/weights"), "trainee");
        InputException e = Assert.Throws<InputException>(() => Store(metrics).Open("sft", Inputs()));
        Assert.Contains("model/weights is damaged: expected sha256", e.Message, StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(stage.Path, "stage.json"), "{}");
        e = Assert.Throws<InputException>(() => Store(metrics).Open("sft", Inputs()));
        Assert.Contains("stage.json is cut off", e.Message, StringComparison.Ordinal);
        File.Delete(Path.Combine(stage.Path, "stage.json"));
        e = Assert.Throws<InputException>(() => Store(metrics).Open("sft", Inputs()));
        Assert.Contains("has files but no stage.json", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Inputs_follow_content_not_names()
    {
        File.WriteAllText(_folder.File("a"), "same");
        File.WriteAllText(_folder.File("b"), "same");
        Directory.CreateDirectory(_folder.File("d/e"));
        File.WriteAllText(_folder.File("d/e/f"), "1");
        string Content(string name) => new StageInputs().AddContent("data", _folder.File(name)).Values["data"];
        Assert.Equal(Content("a"), Content("b"));
        string before = Content("d");
        File.Move(_folder.File("d/e/f"), _folder.File("d/e/g"));
        Assert.NotEqual(before, Content("d"));
        Assert.Contains("data: there is no file or folder", Assert.Throws<InputException>(() => Content("none")).Message, StringComparison.Ordinal);
    }
}
