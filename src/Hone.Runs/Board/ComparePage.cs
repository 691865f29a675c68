using Hone.Evaluation;

namespace Hone.Runs;

/// <summary>Several runs side by side: what their recipes differ in, their final tables, and their curves over each other.</summary>
internal static class ComparePage
{
    public const int MostRuns = 6;

    public static Html Render(IReadOnlyList<BoardRun> runs, IReadOnlyList<BoardRun> all, PageAddress address, RunFiles files)
    {
        if (runs.Count == 0)
            return Html.Of($"<p>No run is chosen. {(all.Count == 0 ? "There is none yet." : "")} <a href=\"/\">Choose some.</a></p>");
        RunResults[] results = [.. runs.Select(files.Results)];
        string more = address.All("run").Count > MostRuns ? $" The first {MostRuns} are shown." : "";
        IEnumerable<Html> names = runs.Select((r, i) => Html.Of(
            $"<a class=\"chip {CurvesPage.ColorOf(i)}\" href=\"{PageAddress.Link(["run", r.Id])}\"><bdi>{r.Id}</bdi></a> "));
        return Html.Of($"""
            <p class="meta">{Html.Join(names)}{more}</p>
            <section><h2>What the recipes differ in</h2>{Difference(runs, results)}</section>
            {Section("Results", Results(runs, results))}
            {Section("By iteration", Iterations(runs, results))}
            <section><h2>Training curves</h2>{CurvesPage.Render(runs, address, files)}</section>
            """);
    }

    private static Html Section(string title, Html body) =>
        body == Html.Empty ? body : Html.Of($"<section><h2>{title}</h2>{body}</section>");

    private static Html Difference(IReadOnlyList<BoardRun> runs, RunResults[] results)
    {
        Dictionary<string, string>[] values = [.. results.Select(r => r.Settings.ToDictionary(s => s.Key, s => s.Value))];
        bool Differs(string key) => values.Select(v => v.GetValueOrDefault(key)).Distinct().Count() > 1;
        string[] keys = [.. values.SelectMany(v => v.Keys).Distinct().Where(Differs).Order(StringComparer.Ordinal)];
        if (keys.Length == 0) return new Html("<p>In nothing.</p>");
        IEnumerable<Html> head = runs.Select(r => Html.Of($"<th scope=\"col\"><bdi>{r.Id}</bdi></th>"));
        IEnumerable<Html> rows = keys.Select(key =>
        {
            Html cells = Html.Join(values.Select(v => Html.Of($"<td><code>{v.GetValueOrDefault(key, "–")}</code></td>")));
            return Html.Of($"<tr><th scope=\"row\"><code>{key}</code></th>{cells}</tr>\n");
        });
        return Html.Of($"""
            <div class="scroll" tabindex="0" role="group" aria-label="Differences"><table class="settings">
            <thead><tr><th scope="col">key</th>{Html.Join(head)}</tr></thead><tbody>{Html.Join(rows)}</tbody></table></div>
            """);
    }

    private static Html Results(IReadOnlyList<BoardRun> runs, RunResults[] results)
    {
        ResultRow[] rows = [.. results.SelectMany((r, i) => r.Rows.Select(row => row with { Name = $"{runs[i].Id}: {row.Name}" }))];
        if (rows.Length == 0) return Html.Empty;
        bool gold = results.Any(r => r.HasGold);
        ChartSeries[] Over(Func<ResultRow, Interval?> value) => [.. results.Select((r, i) => new ChartSeries(
            CurvesPage.Short(runs[i].Id), CurvesPage.ColorOf(i), Path(r, value)) { Markers = true })];
        Chart win = new("Win rate against SFT, over KL", "KL to SFT, nats per answer", "win rate, %",
            Over(row => row.GoldWinRate ?? row.RmWinRate))
        { YPercent = true, Reference = 0.5, ReferenceLabel = "equal to SFT", Caption = Html.Of($"SFT and the online iterations.") };
        Chart reward = new(gold ? "Gold reward over KL" : "RM reward over KL", "KL to SFT, nats per answer", "mean reward",
            Over(row => gold ? row.GoldReward : row.RmReward))
        { Caption = Html.Of($"Where a line turns down while going right, more optimisation made the answers worse.") };
        return Html.Of($"{ResultTable.Of(new RunResults { Name = "", Rows = rows, Seed = 0 }).ToHtml()}"
            + $"<div class=\"charts\">{ReportWriter.Figure(win)}{ReportWriter.Figure(reward)}</div>");
    }

    /// <summary>From SFT through the iterations.</summary>
    private static IReadOnlyList<ChartPoint> Path(RunResults results, Func<ResultRow, Interval?> value) =>
        [.. results.Rows.Where(r => !r.IsOffline && r.Kl is not null && value(r) is not null)
            .Select(r => new ChartPoint(r.Kl!.Value.Value, value(r)!.Value.Value, value(r)))];

    private static IReadOnlyList<ChartPoint> Path(RunResults results, Func<IterationHealth, double?> value) =>
        [.. results.Iterations.Where(i => value(i) is not null).Select(i => new ChartPoint(i.Iteration, value(i)!.Value))];

    private static Html Iterations(IReadOnlyList<BoardRun> runs, RunResults[] results)
    {
        Chart Draw(string title, string unit, bool percent, Func<IterationHealth, double?> value) => new(title, "iteration", unit,
            [.. results.Select((r, i) => new ChartSeries(CurvesPage.Short(runs[i].Id), CurvesPage.ColorOf(i), Path(r, value))
                { Markers = true }).Where(s => s.Points.Count > 0)])
        { Compact = true, YPercent = percent };
        Chart[] charts =
        [
            Draw("Mean reward", "RM reward", false, i => i.MeanReward), Draw("Best of n", "RM reward", false, i => i.BestOfNReward),
            Draw("Margin of the pairs", "RM reward", false, i => i.Margin),
            Draw("KL to the reference", "nats per answer", false, i => i.Kl),
            Draw("Length", "tokens", false, i => i.MeanLength), Draw("Ended answers", "%", true, i => i.EosRate),
        ];
        Html drawn = Html.Join(charts.Select(ReportWriter.Figure));
        return drawn == Html.Empty ? drawn : Html.Of($"<div class=\"charts small\">{drawn}</div>");
    }
}
