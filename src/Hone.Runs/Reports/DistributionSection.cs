namespace Hone.Runs;

/// <summary>How rewards and lengths are spread over the answers: a mean hides a policy that fails on every tenth prompt.</summary>
internal static class DistributionSection
{
    public static Html Render(RunResults results)
    {
        if (results.Distributions.Count == 0) return Html.Empty;
        string n = results.TestPrompts > 0 ? $" to {Format.Count(results.TestPrompts)} test prompts" : "";
        Chart rewards = Chart("Rewards of the answers", "RM reward", results, d => d.Rewards, $"Answers{n}, by the reward model."),
            lengths = Chart("Lengths of the answers", "tokens", results, d => d.Lengths, $"Answers{n}.");
        return Html.Of($"<div class=\"charts\">{ReportWriter.Figure(rewards)}{ReportWriter.Figure(lengths)}</div>");
    }

    private static Chart Chart(string title, string unit, RunResults results, Func<AnswerDistribution, Histogram> of, string caption) =>
        new(title, unit, "% of the answers",
            [.. results.Distributions.Select(d => new ChartSeries(d.Name, ReportStyle.ColorOf(d.Name), Outline(of(d))))])
        {
            YPercent = true,
            Caption = Html.Of($"{caption}"),
        };

    /// <summary>The tops of the bins as steps.</summary>
    private static ChartPoint[] Outline(Histogram histogram)
    {
        double all = Math.Max(1, histogram.Counts.Sum());
        return [.. histogram.Counts.SelectMany((count, i) => (ChartPoint[])
        [
            new(histogram.From + i * histogram.Width, count / all), new(histogram.From + (i + 1) * histogram.Width, count / all),
        ])];
    }
}
