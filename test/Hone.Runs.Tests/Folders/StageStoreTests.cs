using Hone.Data;
using Hone.Runs.Metrics;
using Hone.Runs.Recipes;

namespace Hone.Runs.Tests.Folders;

public sealed class StageStoreTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly List<string> _said = [];

    public void Dispose() => _folder.Dispose();

    private static StageInputs Inputs(double beta = 0.1) =>
        new StageInputs().AddOptions("online", new OnlineOptions { Beta = beta }, StagePart.Training);

    private string MetricsPath => _folder.File("metrics.jsonl");

    private RunMetrics Metrics() => new(MetricsPath);

    private StageStore Store(RunMetrics metrics, IDurableFiles? files = null, KnownDigests? known = null) =>
        new(_folder.Path, metrics, known ?? new KnownDigests(_folder.Path), files ?? new TracedFiles(_folder.Path), 2, _said.Add);

    private void Clear()
    {
        foreach (string folder in Directory.GetDirectories(_folder.Path)) Directory.Delete(folder, recursive: true);
        foreach (string file in Directory.GetFiles(_folder.Path)) File.Delete(file);
    }

    /// <summary>A stage of six steps that saves a state at every second one and ends with a file.</summary>
    private static StageFolder Train(StageFolder stage, int upTo = 6)
    {
        if (stage.Finished) return stage;
        for (int step = (stage.Resume?.Step ?? 0) + 1; step <= upTo; step++)
        {
            stage.Append(step, new Dictionary<string, double> { ["loss"] = 1.0 / step });
            if (step % 2 == 0) stage.SaveState(step, w => StateStoreTests.Write(w, step));
        }
        if (upTo < 6) return stage;
        Directory.CreateDirectory(stage.File("model"));
        File.WriteAllText(stage.File("model/weights"), "trained");
        stage.Finish();
        return stage;
    }

    [Fact]
    public void A_finished_stage_is_recognised_and_its_states_are_gone()
    {
        using RunMetrics metrics = Metrics();
        StageFolder stage = Store(metrics).Open("online-1/dpo", Inputs());
        Train(stage);
        StageFolder again = Store(metrics).Open("online-1/dpo", Inputs());
        Assert.True(again.Finished);
        Assert.Equal(stage.Digest, again.Digest);
        Assert.Equal(["metrics.jsonl", "model", "stage.json"], Directory.GetFileSystemEntries(again.Path).Select(Path.GetFileName).Order());
        Assert.Equal("online-1/dpo: already done", Assert.Single(_said));
        Assert.Equal(6, MetricsRow.Read(_folder.File("online-1/dpo/metrics.jsonl")).Count());
    }

    [Theory]
    [InlineData(6, "was done")]
    [InlineData(3, "was begun")]
    public void A_changed_setting_is_named_and_refused(int steps, string what)
    {
        using RunMetrics metrics = Metrics();
        Train(Store(metrics).Open("dpo", Inputs()), steps);
        InputException e = Assert.Throws<InputException>(() => Store(metrics).Open("dpo", Inputs(0.2).Add("data", "sha256:1")));
        Assert.Contains($"the stage dpo {what} with other settings:\n    data: (absent) -> sha256:1\n    online.beta: 0.1 -> 0.2\n",
            e.Message, StringComparison.Ordinal);
        Assert.Contains("--redo dpo", e.Fix, StringComparison.Ordinal);
    }

    [Fact]
    public void Done_again_on_request_it_starts_over_and_its_rows_come_to_the_same_place()
    {
        string[] stages = ["sft", "dpo", "online-1/dpo"];
        using (RunMetrics metrics = Metrics())
            foreach (string name in stages) Train(Store(metrics).Open(name, Inputs()));
        byte[] before = File.ReadAllBytes(MetricsPath);
        using (RunMetrics metrics = Metrics())
        {
            StageStore store = Store(metrics);
            Assert.True(store.Open("sft", Inputs()).Finished);
            StageFolder redone = store.Open("dpo", Inputs(0.2), redo: true);
            Assert.False(redone.Finished);
            Assert.Null(redone.Resume);
            Assert.Equal(Enumerable.Repeat("sft", 6), MetricsRow.Read(MetricsPath).Select(r => r.Stage));
            Train(redone);
            Assert.True(store.Open("online-1/dpo", Inputs()).Finished);
        }
        Assert.Equal(before, File.ReadAllBytes(MetricsPath));
    }

    /// <summary>
    /// Stages of a chain, of which the last two depend on the one before; redoing the offline stage redoes nothing online.
    /// </summary>
    [Theory]
    [InlineData("offline-dpo", "offline-dpo")]
    [InlineData("online-1/dpo", "evaluate/online-1,online-1/dpo")]
    [InlineData("online-1/samples", "evaluate/online-1,online-1/dpo,online-1/samples")]
    [InlineData("sft", "evaluate/online-1,offline-dpo,online-1/dpo,online-1/samples,sft")]
    public void What_depends_on_a_stage_is_done_again_with_it_and_nothing_else(string redo, string expected)
    {
        string[] Again(string? name)
        {
            using RunMetrics metrics = Metrics();
            StageStore store = Store(metrics);
            List<string> done = [];
            StageFolder Stage(string stage, params StageFolder[] from)
            {
                StageInputs inputs = Inputs();
                foreach (StageFolder f in from) inputs.AddStage(f.Name, f);
                StageFolder folder = store.Open(stage, inputs, redo: stage == name);
                if (!folder.Finished) done.Add(stage);
                return Train(folder);
            }
            StageFolder sft = Stage("sft"), reward = Stage("reward");
            Stage("offline-dpo", sft);
            StageFolder trained = Stage("online-1/dpo", Stage("online-1/samples", sft), reward);
            Stage("evaluate/online-1", trained);
            return [.. done.Order(StringComparer.Ordinal)];
        }
        Assert.Equal(6, Again(null).Length);
        Assert.Empty(Again(null));
        Assert.Equal(expected.Split(','), Again(redo));
        Assert.Empty(Again(null));
    }

    [Fact]
    public void A_run_whose_last_stages_are_gone_loses_their_rows()
    {
        using (RunMetrics metrics = Metrics())
            foreach (string name in new[] { "sft", "dpo" }) Train(Store(metrics).Open(name, Inputs()));
        using (RunMetrics metrics = Metrics())
        {
            Store(metrics).Open("sft", Inputs());
            metrics.Finish();
        }
        Assert.All(MetricsRow.Read(MetricsPath), row => Assert.Equal("sft", row.Stage));
    }

    [Fact]
    public void Rows_of_a_stage_that_were_removed_or_changed_are_found()
    {
        using (RunMetrics metrics = Metrics())
        {
            Train(Store(metrics).Open("sft", Inputs()));
            Train(Store(metrics).Open("dpo", Inputs()), upTo: 3);
        }
        foreach ((string stage, string message) in new[] { ("sft", "metrics.jsonl is damaged"), ("dpo", "of the stage dpo have changed") })
        {
            string file = _folder.File($"{stage}/metrics.jsonl");
            byte[] good = File.ReadAllBytes(file);
            File.WriteAllBytes(file, [.. good[..12], (byte)(good[12] ^ 1), .. good[13..]]);
            using RunMetrics metrics = Metrics();
            InputException changed = Assert.Throws<InputException>(() => Store(metrics).Open(stage, Inputs()));
            Assert.Contains(message, changed.Message, StringComparison.Ordinal);
            Assert.Contains($"--redo {stage}", changed.Fix, StringComparison.Ordinal);
            File.WriteAllBytes(file, good);
        }
    }

    /// <summary>The run's own file of rows is made from the stages'; what became of it changes nothing.</summary>
    [Fact]
    public void The_rows_of_the_run_are_mended_from_those_of_its_stages()
    {
        using (RunMetrics metrics = Metrics())
            foreach (string name in new[] { "sft", "dpo" }) Train(Store(metrics).Open(name, Inputs()));
        byte[] good = File.ReadAllBytes(MetricsPath);
        foreach (byte[] bad in new[] { [], good[..20], [.. good[..12], (byte)(good[12] ^ 1), .. good[13..]], [.. good, .. good] })
        {
            File.WriteAllBytes(MetricsPath, bad);
            using (RunMetrics metrics = Metrics())
            {
                foreach (string name in new[] { "sft", "dpo" }) Store(metrics).Open(name, Inputs());
                metrics.Finish();
            }
            Assert.Equal(good, File.ReadAllBytes(MetricsPath));
        }
    }

    [Fact]
    public void A_folder_of_another_version_is_told_from_a_damaged_one()
    {
        using RunMetrics metrics = Metrics();
        Directory.CreateDirectory(_folder.File("sft"));
        var old = new System.Text.Json.Nodes.JsonObject { ["finished"] = true, ["inputs"] = new System.Text.Json.Nodes.JsonObject() };
        File.WriteAllBytes(_folder.File("sft/stage.json"), SealedJson.Seal(old));
        InputException refused = Assert.Throws<InputException>(() => Store(metrics).Open("sft", Inputs()));
        Assert.Contains("stage.json was written by another version of Hone", refused.Message, StringComparison.Ordinal);
        Assert.Contains("--redo sft", refused.Fix, StringComparison.Ordinal);
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
            using (RunMetrics metrics = Metrics()) Train(Store(metrics).Open("sft", Inputs()));
            once ??= File.ReadAllBytes(_folder.File("metrics.jsonl"));
            TracedFiles files = new(_folder.Path) { Fault = (number, _) => { if (killed |= number == k) throw new KilledException(); } };
            using (RunMetrics metrics = Metrics())
            {
                if (Record.Exception(() => Store(metrics, files).Open("sft", Inputs(), redo: true)) is { } e)
                    Assert.IsType<KilledException>(e);
            }
            using (RunMetrics metrics = Metrics())
            {
                // Without the word again, it is either refused by name or goes on with what was begun.
                if (Record.Exception(() => Train(Store(metrics).Open("sft", Inputs()))) is InputException refused)
                {
                    Assert.Contains("--redo sft", refused.Fix, StringComparison.Ordinal);
                    Train(Store(metrics).Open("sft", Inputs(), redo: true));
                }
            }
            Assert.Equal(once, File.ReadAllBytes(_folder.File("metrics.jsonl")));
        }
    }

    [Fact]
    public void A_half_done_stage_goes_on_and_the_metrics_end_the_same()
    {
        byte[] unbroken;
        using (RunMetrics metrics = Metrics())
        {
            Train(Store(metrics).Open("sft", Inputs()));
            Train(Store(metrics).Open("dpo", Inputs()));
        }
        unbroken = File.ReadAllBytes(MetricsPath);
        for (int first = 0; first <= 5; first++)
        {
            for (int second = first; second <= 5; second++)
            {
                Clear();
                foreach (int upTo in new[] { first, second, 6 })
                {
                    using RunMetrics metrics = Metrics();
                    Train(Store(metrics).Open("sft", Inputs()));
                    Train(Store(metrics).Open("dpo", Inputs()), upTo);
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
                using RunMetrics metrics = Metrics();
                Train(Store(metrics, files).Open("sft", Inputs()));
            }
            catch (KilledException)
            {
                Assert.True(killed);
            }
            using (RunMetrics metrics = Metrics())
            {
                StageFolder stage = Store(metrics).Open("sft", Inputs());
                Train(stage);
                digest ??= stage.Digest;
                Assert.Equal(digest, stage.Digest);
                Assert.Equal(["metrics.jsonl", "model", "stage.json"],
                    Directory.GetFileSystemEntries(stage.Path).Select(Path.GetFileName).Order());
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
        using RunMetrics metrics = Metrics();
        string weights = Train(Store(metrics).Open("sft", Inputs())).File("model/weights");
        string record = _folder.File("sft/stage.json");
        File.WriteAllText(weights, "trainee");
        InputException e = Assert.Throws<InputException>(() => Store(metrics).Open("sft", Inputs()));
        Assert.Contains("model/weights is damaged: expected sha256", e.Message, StringComparison.Ordinal);
        File.WriteAllText(record, "{}");
        e = Assert.Throws<InputException>(() => Store(metrics).Open("sft", Inputs()));
        Assert.Contains("stage.json is cut off", e.Message, StringComparison.Ordinal);
        File.Delete(record);
        e = Assert.Throws<InputException>(() => Store(metrics).Open("sft", Inputs()));
        Assert.Contains("has files but no stage.json", e.Message, StringComparison.Ordinal);
    }

    /// <summary>Taking up a run reads nothing that has its length and time; the content is proved when it is read.</summary>
    [Theory]
    [InlineData("model")]
    [InlineData("model/weights")]
    public void Damage_that_leaves_length_and_time_is_found_when_the_file_is_read(string read)
    {
        using RunMetrics metrics = Metrics();
        var known = new KnownDigests(_folder.Path, _folder.File("digests.json"));
        string weights = Train(Store(metrics, known: known).Open("sft", Inputs())).File("model/weights");
        DateTime time = File.GetLastWriteTimeUtc(weights);
        File.WriteAllText(weights, "trainee");
        File.SetLastWriteTimeUtc(weights, time);
        foreach (KnownDigests inMemory in new[] { known, new KnownDigests(_folder.Path, _folder.File("digests.json")) })
        {
            StageFolder stage = Store(metrics, known: inMemory).Open("sft", Inputs());
            Assert.True(stage.Finished);
            stage.File("metrics.jsonl");
            InputException e = Assert.Throws<InputException>(() => stage.File(read));
            Assert.Contains("a result of the finished stage sft has changed: model/weights is damaged", e.Message,
                StringComparison.Ordinal);
            File.WriteAllText(weights, "trainee");
            File.SetLastWriteTimeUtc(weights, time);
        }
    }

    [Fact]
    public void Inputs_follow_content_not_names()
    {
        File.WriteAllText(_folder.File("a"), "same");
        File.WriteAllText(_folder.File("b"), "same");
        Directory.CreateDirectory(_folder.File("d/e"));
        File.WriteAllText(_folder.File("d/e/f"), "1");
        string Content(string name) =>
            new StageInputs().AddContent("data", _folder.File(name), new KnownDigests(_folder.Path)).Values["data"];
        Assert.Equal(Content("a"), Content("b"));
        string before = Content("d");
        File.Move(_folder.File("d/e/f"), _folder.File("d/e/g"));
        Assert.NotEqual(before, Content("d"));
        Assert.Contains("data: there is no file or folder", Assert.Throws<InputException>(() => Content("none")).Message,
            StringComparison.Ordinal);
    }
}
