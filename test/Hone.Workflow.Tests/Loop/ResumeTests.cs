using Hone.Runs.Tests.Folders;

namespace Hone.Workflow.Tests.Loop;

/// <summary>Wherever a run is cut off, going on with it ends with the same bytes in every file.</summary>
public sealed class ResumeTests(Unbroken unbroken) : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private TinyRun NewRun() => new(_folder.File("run"), unbroken.Model);

    [Fact]
    public void Stopped_after_every_optimiser_step_of_every_stage()
    {
        TinyRun run = NewRun();
        int stops = 0;
        while (run.StopAfterOneStep()) Assert.True(++stops < 30);
        Assert.Equal(5 + 4 + 4 + 3 + 3, stops);
        Artefacts.AssertEqual(unbroken.Run.Folder, run.Folder);
    }

    /// <summary>Before anything of a stage's result is saved, between its parts, between stages, and while the run ends.</summary>
    [Fact]
    public void Killed_at_every_border()
    {
        TinyRun run = NewRun();
        foreach (string line in new[]
        {
            "embedded world", "sft 1/5", "sft 5/5", "reward 4/4", "reward model:",
            "offline-dpo 4/4", "iteration 1: 12 rows", "iteration 1: mean reward",
            "online-1/dpo 3/3", "online-dpo-1: reward", "iteration 2: mean reward",
            "online-2/dpo 3/3", "online-dpo-2: reward", "released model:",
        })
        {
            run.KillAt(line);
            // What a kill leaves of a model that was being saved.
            foreach (string stage in new[] { "sft", "online-1/dpo" }
                .Where(s => Directory.Exists(run.File(s)) && !Directory.Exists(run.File($"{s}/model"))))
                foreach (string part in new[] { "model", "model.partial" })
                {
                    Directory.CreateDirectory(run.File($"{stage}/{part}"));
                    File.WriteAllText(run.File($"{stage}/{part}/config.json.partial"), "{");
                }
        }
        run.Go();
        Artefacts.AssertEqual(unbroken.Run.Folder, run.Folder);
    }

    /// <summary>
    /// Each process gets a few more operations on the run folder than the one before, then nothing it does has any effect.
    /// </summary>
    [Fact]
    public void Killed_between_operations_on_the_run_folder()
    {
        TinyRun run = NewRun();
        int kills = 0;
        bool finished = false;
        while (!finished)
        {
            int allowed = 3 + (5 * kills);
            var files = new TracedFiles(run.Folder) { Fault = (number, _) => { if (number >= allowed) throw new KilledException(); } };
            try
            {
                run.Go(files: files);
                finished = true;
            }
            catch (KilledException)
            {
                Assert.True(++kills < 40);
            }
        }
        Assert.True(kills > 8, $"{kills}");
        Artefacts.AssertEqual(unbroken.Run.Folder, run.Folder);
    }

    /// <summary>The training states on the way, moments of the optimiser included, not only the end.</summary>
    [Theory]
    [InlineData("sft", 5)]
    [InlineData("reward", 4)]
    [InlineData("offline-dpo", 4)]
    [InlineData("online-2/dpo", 3)]
    public void A_stage_stopped_after_every_step_has_the_same_training_states(string stage, int steps)
    {
        string[] keepAll = ["save.keep_checkpoints=100"];
        TinyRun straight = unbroken.Run.CopyTo(_folder.File("straight")), stopped = unbroken.Run.CopyTo(_folder.File("stopped"));
        straight.KillAt($"{stage} {steps}/{steps}", keepAll, [stage]);
        for (int step = 1; step < steps; step++) Assert.True(stopped.StopAfterOneStep(keepAll, step == 1 ? [stage] : []));
        stopped.KillAt($"{stage} {steps}/{steps}", keepAll);
        Artefacts.AssertEqual(straight.Folder, stopped.Folder);
        string[] states = [.. Directory.EnumerateDirectories(straight.File($"{stage}/states")).Select(s => Path.GetFileName(s)!).Order()];
        Assert.Equal(Enumerable.Range(1, steps - 1).Select(s => $"state-{s:D6}"), states);
    }

    [Fact]
    public void A_finished_run_is_recognised_and_nothing_of_it_is_done_again()
    {
        TinyRun run = unbroken.Run.CopyTo(_folder.File("run"));
        string[] manifests = [.. Directory.EnumerateFiles(run.Folder, "stage.json", SearchOption.AllDirectories)];
        var old = new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        string[] results =
        [
            .. manifests.SelectMany(m => Directory.EnumerateFiles(Path.GetDirectoryName(m)!, "*", SearchOption.AllDirectories)),
            run.File("metrics.jsonl"),
        ];
        foreach (string file in results) File.SetLastWriteTimeUtc(file, old);
        run.Go();
        Assert.All(results, file => Assert.Equal(old, File.GetLastWriteTimeUtc(file)));
        Assert.Equal(
            manifests
                .Select(m => Path.GetRelativePath(run.Folder, Path.GetDirectoryName(m)!).Replace('\\', '/') + ": already done")
                .Order(),
            run.Lines.Where(l => l.EndsWith(": already done", StringComparison.Ordinal)).Order());
        Assert.Equal(18, manifests.Length);
        Artefacts.AssertEqual(unbroken.Run.Folder, run.Folder);
    }

    [Fact]
    public void A_second_process_on_the_same_folder_is_refused_and_the_first_is_not_disturbed()
    {
        TinyRun run = NewRun();
        bool tried = false;
        run.Go(line =>
        {
            if (!line.StartsWith("reward 2/4", StringComparison.Ordinal)) return;
            tried = true;
            InputException refused = Assert.Throws<InputException>(() => new TinyRun(run.Folder, unbroken.Model).Go());
            Assert.Contains($"this run folder is in use by process {Environment.ProcessId} on", refused.Message, StringComparison.Ordinal);
        });
        Assert.True(tried);
        Artefacts.AssertEqual(unbroken.Run.Folder, run.Folder);
    }
}
