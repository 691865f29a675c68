using Hone.Data;
using Hone.Runs;

namespace Hone.Workflow.Tests.Loop;

/// <summary>Iterations that learn from the best answers alone, and that sample from earlier policies as well.</summary>
public sealed class OnlineVariantRunTests(Unbroken unbroken) : IDisposable
{
    private static readonly string[] s_variants =
    [
        "online.method=best_of_n",
        "online.samples=[{count: 2, temperature: 1.0}, {count: 1, temperature: 1.0, from: previous}, "
            + "{count: 1, temperature: 0.7, from: sft}]",
    ];

    [Fact]
    public void A_judge_of_pairs_scores_in_place_of_the_reward_model()
    {
        TinyRun run = new(_folder.File("run"), unbroken.Model);
        run.Go(set: ["online.iterations=1", $"online.judge={unbroken.Model}"]);
        Assert.All(RowFile.ReadSamples(run.File("online-1/pairs/scored.jsonl")), r => Assert.Equal(r.Count / 2.0, r.Rewards!.Sum(), 1e-5));
        Assert.All(RowFile.ReadPairs(run.File("online-1/pairs/pairs.jsonl")), p => Assert.InRange(p.Margin!.Value, 1e-9, 1));
    }

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Stopped_after_every_third_optimiser_step_it_ends_with_the_same_bytes() => Stopped(3);

    [Fact(Explicit = true)]
    public void Stopped_after_every_optimiser_step_it_ends_with_the_same_bytes() => Stopped(1);

    private void Stopped(int steps)
    {
        TinyRun straight = new(_folder.File("straight"), unbroken.Model), stopped = new(_folder.File("stopped"), unbroken.Model);
        straight.Go(set: s_variants);
        while (stopped.StopAfter(steps, set: s_variants)) { }
        Artefacts.AssertEqual(straight.Folder, stopped.Folder);

        string[] stages = [.. StageStore.NamesIn(straight.Folder)];
        Assert.Superset(new HashSet<string> { "online-2/samples", "online-2/samples-previous", "online-2/samples-sft", "online-2/sft" },
            new HashSet<string>(stages));
        SampleRow[] scored = [.. RowFile.ReadSamples(straight.File("online-2/pairs/scored.jsonl"))],
            sft = [.. RowFile.ReadSamples(straight.File("online-2/samples-sft/samples-00000.jsonl"))];
        Assert.All(scored, r => Assert.Equal((4, 4, 4), (r.Count, r.ResponseIds!.Length, r.Rewards!.Length)));
        Assert.Equal(sft.Select(r => r.Responses[0]), scored.Select(r => r.Responses[3]));
        Assert.All(RowFile.ReadPairs(straight.File("online-2/pairs/pairs.jsonl")), p => Assert.Null(p.ReferenceChosenLogp));
    }

    [Fact]
    public void The_best_answer_is_that_of_the_highest_penalised_reward()
    {
        var row = new SampleRow([Text.ChatMessage.User("q")], ["long answer", "b", "c"], FinishReasons: ["stop", "length", "stop"],
            Rewards: [1.0, 2.0, 0.5]);
        Assert.Equal(1, PairBuilder.Best(row, new PairOptions(), "x"));
        Assert.Equal(0, PairBuilder.Best(row, new PairOptions { ExcludeUnfinished = true }, "x"));
        Assert.Equal(2, PairBuilder.Best(row, new PairOptions { ExcludeUnfinished = true, LengthPenalty = 0.1 }, "x"));
        Assert.Null(PairBuilder.Best(row with { FinishReasons = ["length", "length", "length"] },
            new PairOptions { ExcludeUnfinished = true }, "x"));
    }
}
