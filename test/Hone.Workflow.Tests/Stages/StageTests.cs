using Hone.Runs;
using Hone.Runs.Metrics;
using Hone.Workflow.Tests.Loop;

namespace Hone.Workflow.Tests.Stages;

/// <summary>Every stage of a tiny run by itself: skipped when it is done, done again alone, and never on input that has changed.</summary>
public sealed class StageTests(Unbroken unbroken) : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>A stage, what it reads of an earlier one, and the stages that depend on it.</summary>
    public static TheoryData<string, string, string> Stages => new()
    {
        { "reward-check", "reward/model/model.safetensors", "" },
        { "offline-dpo", "sft/model/model.safetensors",
            "evaluate/offline-dpo evaluate/offline-dpo-at-1-of-3 evaluate/offline-dpo-at-2-of-3" },
        { "online-2/samples", "online-1/dpo/model/model.safetensors",
            "evaluate/online-dpo-2 online-2/dpo online-2/pairs select/online-dpo-2" },
        { "online-2/pairs", "online-2/samples/samples-00000.jsonl", "evaluate/online-dpo-2 online-2/dpo select/online-dpo-2" },
        { "online-2/dpo", "online-2/pairs/pairs.jsonl", "evaluate/online-dpo-2 select/online-dpo-2" },
        { "select/online-dpo-2", "online-2/dpo/model/model.safetensors", "" },
        { "evaluate/offline-dpo-at-1-of-3", "offline-dpo/model-at-1-of-3/model.safetensors", "" },
        { "evaluate/online-dpo-1", "reward/model/model.safetensors", "" },
    };

    [Theory]
    [MemberData(nameof(Stages))]
    public void Done_again_it_takes_along_what_depends_on_it_skips_the_others_and_gives_the_same(string stage, string reads,
        string dependents)
    {
        Assert.NotEmpty(reads);
        TinyRun run = unbroken.Run.CopyTo(_folder.File("run"));
        run.Go(redo: [stage]);
        string[] again = [stage, .. dependents.Split(' ', StringSplitOptions.RemoveEmptyEntries)];
        Assert.Equal(StageStore.NamesIn(run.Folder).Except(again).Order(), Done(run).Order());
        Artefacts.AssertEqual(unbroken.Run.Folder, run.Folder);
    }

    /// <summary>Length and time are as they were, so taking up the run trusts the file; the stage that reads it does not.</summary>
    [Theory]
    [MemberData(nameof(Stages))]
    public void Input_that_has_changed_is_refused_when_it_is_read(string stage, string reads, string dependents)
    {
        Assert.DoesNotContain(reads, dependents, StringComparison.Ordinal);
        TinyRun run = unbroken.Run.CopyTo(_folder.File("run"));
        run.Go(); // the files of the copy are known now
        string file = run.File(reads);
        DateTime time = File.GetLastWriteTimeUtc(file);
        byte[] bytes = File.ReadAllBytes(file);
        bytes[^10] ^= 1;
        File.WriteAllBytes(file, bytes);
        File.SetLastWriteTimeUtc(file, time);
        run.Lines.Clear();
        InputException refused = Assert.Throws<InputException>(() => run.Go(redo: [stage]));
        Assert.Contains($"{StageStore.NamesIn(run.Folder).Single(s => reads.StartsWith(s + "/", StringComparison.Ordinal))}: already done",
            run.Lines);
        Assert.Contains("a result of the finished stage", refused.Message, StringComparison.Ordinal);
        Assert.Contains($"{Path.GetFileName(file)} is damaged: expected sha256", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("offline_dpo", "Did you mean 'offline-dpo'?")]
    [InlineData("online-1", "")] // a folder of stages
    [InlineData("sft/model", "")] // a folder of a stage
    [InlineData("online-3/dpo", "Did you mean 'online-")]
    public void A_stage_that_is_not_there_cannot_be_done_again(string redo, string fix)
    {
        TinyRun run = unbroken.Run.CopyTo(_folder.File("run"));
        InputException refused = Assert.Throws<InputException>(() => run.Go(redo: [redo]));
        Assert.Contains($"--redo {redo}: the run has no such stage", refused.Message, StringComparison.Ordinal);
        Assert.Contains(fix, refused.Fix, StringComparison.Ordinal);
        Artefacts.AssertEqual(unbroken.Run.Folder, run.Folder);
    }

    /// <summary>A finished run gets a sweep of the baseline: the stages there are stay, each beta is a stage and a row.</summary>
    [Fact]
    public void A_sweep_of_beta_adds_a_stage_and_a_row_for_each()
    {
        TinyRun run = unbroken.Run.CopyTo(_folder.File("run"));
        RunResults results = run.Go(set: ["offline_dpo.beta_sweep=[0.5, 2]"]);
        Assert.Equal(["sft", "offline-dpo", "offline-dpo-beta-0-5", "offline-dpo-beta-2", "online-dpo-1", "online-dpo-2"],
            results.Rows.Select(r => r.Name));
        Assert.Contains("offline-dpo: already done", run.Lines);
        Assert.Equal(["beta 0.1", "beta 0.5", "beta 2"],
            results.KlCurve.Where(p => p.Series == "offline").Select(p => p.Label).Order(StringComparer.Ordinal));
        run.Lines.Clear();
        run.Go(redo: ["offline-dpo-beta-2"]);
        Assert.Contains("offline-dpo-beta-2: done again from the start", run.Lines);
        Assert.Contains("offline-dpo-beta-0-5: already done", run.Lines);
        Assert.Contains("is there already", Assert.Throws<InputException>(
            () => run.Go(set: ["offline_dpo.beta_sweep=[0.5, 0.1]"])).Message, StringComparison.Ordinal);
    }

    /// <summary>A finished run gets a further iteration: nothing before it is done again, and the tables know it.</summary>
    [Fact]
    public void One_more_iteration_does_that_iteration_only()
    {
        TinyRun run = unbroken.Run.CopyTo(_folder.File("run"));
        RunResults results = run.Go(set: ["online.iterations=3"]);
        string[] before = [.. StageStore.NamesIn(unbroken.Run.Folder)];
        Assert.Equal(before.Order(), Done(run).Order());
        string[] added = ["evaluate/online-dpo-3", "online-3/dpo", "online-3/pairs", "online-3/samples", "select/online-dpo-3"];
        Assert.Equal(added, StageStore.NamesIn(run.Folder).Except(before).Order());
        Assert.Equal(["sft", "offline-dpo", "online-dpo-1", "online-dpo-2", "online-dpo-3"], results.Rows.Select(r => r.Name));
        Assert.Equal(3, results.Iterations.Count);
        // It is the run that would have been, had it been asked for three from the start.
        var whole = new TinyRun(_folder.File("whole"), unbroken.Model);
        whole.Go(set: ["online.iterations=3"]);
        foreach (string name in new[] { "metrics.jsonl", "online-3/dpo/model/model.safetensors", "evaluate/online-dpo-3/scores.json",
            "model/model.safetensors" })
            Assert.Equal(File.ReadAllBytes(whole.File(name)), File.ReadAllBytes(run.File(name)));
    }

    /// <summary>One fewer: its rows leave the tables, and nothing is done again.</summary>
    [Fact]
    public void One_iteration_fewer_does_nothing_again()
    {
        TinyRun run = unbroken.Run.CopyTo(_folder.File("run"));
        RunResults results = run.Go(set: ["online.iterations=1"]);
        Assert.Equal(["sft", "offline-dpo", "online-dpo-1"], results.Rows.Select(r => r.Name));
        Assert.DoesNotContain("online-2/dpo", MetricsRow.Read(run.File("metrics.jsonl")).Select(r => r.Stage));
        Assert.DoesNotContain(run.Lines, l => l.StartsWith("online-1/dpo 1/", StringComparison.Ordinal));
    }

    private static IEnumerable<string> Done(TinyRun run) =>
        run.Lines.Where(l => l.EndsWith(": already done", StringComparison.Ordinal)).Select(l => l[..^": already done".Length]);
}
