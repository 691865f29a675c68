using Hone.Data;

namespace Hone.Evaluation.Tests;

public sealed class RewardBenchTests
{
    /// <summary>
    /// Weights of rewardbench/constants.py: Reasoning = (984 * 1/2 + 164 * 1) / (984 + 164), Chat = (100 * 1 + 40 * 0) / 140. A tie is
    /// wrong. Without all four sections there is no score.
    /// </summary>
    [Fact]
    public void Sections_are_weighted_by_published_counts()
    {
        RewardBench figures = RewardBench.Of([
            ("math-prm", 2, 1), ("math-prm", 1, 1), ("hep-go", 1, 0), ("alpacaeval-easy", 3, -3), ("mt-bench-med", 0, 1),
        ]);
        Assert.Equal(656.0 / 1148, figures.Sections["Reasoning"], 1e-12);
        Assert.Equal(100.0 / 140, figures.Sections["Chat"], 1e-12);
        Assert.Equal(0.5, figures.Subsets["math-prm"].Accuracy.Value);
        Assert.Null(figures.Score);
        figures = RewardBench.Of([("hep-go", 1, 0), ("alpacaeval-easy", 1, 0), ("mt-bench-hard", 0, 1), ("donotanswer", 1, 0)]);
        Assert.Equal(0.75, figures.Score!.Value, 1e-12);
    }

    [Fact]
    public void Rows_are_read_as_the_hub_has_them()
    {
        using TempFolder folder = new();
        File.WriteAllText(folder.File("filtered.jsonl"),
            """{"prompt": "Hi", "chosen": "Hello.", "rejected": "No.", "subset": "hep-go", "id": 1, "chosen_model": "m"}""");
        (string subset, Preference pair) = Assert.Single(RewardBench.Read([folder.Path]));
        Assert.Equal(("hep-go", "Hi", "Hello.", "No."), (subset, Assert.Single(pair.Prompt).Content, pair.Chosen, pair.Rejected));
        File.WriteAllText(folder.File("filtered.jsonl"), """{"prompt": "Hi"}""");
        Assert.Contains("reward_bench needs one of", Assert.Throws<InputException>(() => RewardBench.Read([folder.Path])).Message,
            StringComparison.Ordinal);
    }
}
