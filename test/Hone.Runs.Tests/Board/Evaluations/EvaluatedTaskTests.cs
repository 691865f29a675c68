using System.Text.Json.Nodes;
using Hone.Evaluation;

namespace Hone.Runs.Tests;

public class EvaluatedTaskTests
{
    /// <summary>The harness divides by n - 1 under the root: 30 right of 40 is 0.75 with an error of 0.06933752.</summary>
    [Fact]
    public void Right_or_wrong_answers_have_Wilsons_interval()
    {
        const string Task = """{"alias": "t", "acc,none": 0.75, "acc_stderr,none": 0.06933752452815363}""";
        EvaluationFigure figure = Assert.Single(Figures(Task, 40));
        Assert.Equal(("acc,none", true, Proportion.Wilson(30, 40)), (figure.Name, figure.IsShare, figure.Value));
        Interval all = Assert.Single(Figures("""{"acc,none": 1.0, "acc_stderr,none": 0.0}""", 40)).Value;
        Assert.Equal((1, true), (all.High, all.Low < 0.93));
    }

    [Fact]
    public void Other_figures_have_their_standard_error()
    {
        EvaluationFigure figure = Assert.Single(Figures("""{"mc2,none": 0.5, "mc2_stderr,none": 0.01}""", 817));
        Assert.Equal((0.5 - 0.0195996, 0.5 + 0.0195996), (figure.Value.Low, figure.Value.High), (x, y) => Near(x, y));
        Assert.True(Assert.Single(Figures("""{"acc,none": 0.5, "acc_stderr,none": "N/A"}""", 1)).Value.IsUndefined);
        EvaluationFigure perplexity = Assert.Single(Figures("""{"word_perplexity,none": 12.5, "word_perplexity_stderr,none": "N/A"}""", 9));
        Assert.False(perplexity.IsShare);
    }

    [Fact]
    public void Judged_figures_have_the_errors_and_bounds_that_stand_beside_them()
    {
        EvaluationFigure[] alpaca = [.. Figures("""
            {"win_rate": 20.0, "standard_error": 1.0, "length_controlled_winrate": 30.0, "lc_standard_error": 0.5, "n_total": 805,
             "avg_length": 1500, "discrete_win_rate": 19.5}
            """, null)];
        Assert.Equal(["win_rate", "length_controlled_winrate", "discrete_win_rate"], alpaca.Select(f => f.Name));
        Assert.Equal([1.0, 0.5, null], alpaca.Select(f => f.StandardError));
        EvaluationFigure[] arena = [.. Figures("""
            {"model": "m", "score": 40.0, "lower": 38.0, "upper": 42.5, "style_controlled_score": 35.0, "style_controlled_lower": 33.0,
             "style_controlled_upper": 37.0, "n_battles": 1000}
            """, null)];
        Assert.Equal([new Interval(40, 38, 42.5), new Interval(35, 33, 37)], arena.Select(f => f.Value));
        EvaluationFigure[] bench = [.. Figures("""
            {"score": 0.8, "sections": {"Chat": 0.9}, "subsets": {"hep-go": {"accuracy": 0.7, "low": 0.6, "high": 0.8, "pairs": 164}}}
            """, null)];
        Assert.Equal(["score", "Chat", "hep-go"], bench.Select(f => f.Name));
        Assert.Equal(new Interval(0.7, 0.6, 0.8), bench[2].Value);
    }

    private static bool Near((double, double) x, (double, double) y) => Math.Abs(x.Item1 - y.Item1) + Math.Abs(x.Item2 - y.Item2) < 1e-6;

    private static IReadOnlyList<EvaluationFigure> Figures(string task, int? items) =>
        EvaluatedTask.FiguresOf((JsonObject)JsonNode.Parse(task)!, items);
}
