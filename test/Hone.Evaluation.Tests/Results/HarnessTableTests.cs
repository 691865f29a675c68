namespace Hone.Evaluation.Tests;

public sealed class HarnessTableTests
{
    [Fact]
    public void The_table_is_the_harness_own_to_the_last_space()
    {
        string published = File.ReadAllText(SharedData.Require(
            "eval/expected/lm_eval_fixtures/mmlu_stem_10_hf_pretrained-EleutherAI-pythia-14m-deduped-dtype-float32-device-cpu.txt"));
        List<HarnessRow> rows = [.. published.TrimEnd().Split('\n').Skip(2).Select(line => line.Split('|')[1..^1])
            .Select(c => new HarnessRow(
            c[0].Trim().Replace("- ", "", StringComparison.Ordinal), c[0].StartsWith(" - ", StringComparison.Ordinal) ? 1 : 0,
            c[1].Trim(), c[2].Trim(), int.Parse(c[3]), c[4].Trim(), double.Parse(c[6]), null))];
        Assert.Equal(20, rows.Count);
        Assert.Equal(published.TrimEnd(), HarnessTable.Render(rows).TrimEnd());
    }

    [Fact]
    public void A_tasks_second_metric_leaves_name_and_version_empty()
    {
        string[] lines = HarnessTable.Render(
        [
            new HarnessRow("arc_challenge", 0, "1", "none", 25, "acc", 0.5, 0.0141),
            new HarnessRow("arc_challenge", 0, "1", "none", 25, "acc_norm", 0.25, double.NaN),
        ]).Split('\n');
        Assert.Equal("|arc_challenge|      1|none  |    25|acc     |↑  |0.5000|±  |0.0141|", lines[2]);
        Assert.Equal("|             |       |none  |    25|acc_norm|↑  |0.2500|±  |   N/A|", lines[3]);
    }
}
