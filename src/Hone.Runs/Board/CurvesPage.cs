namespace Hone.Runs;

/// <summary>Curves of one run or of several over each other, a group of charts for each stage; iterations end to end.</summary>
internal static class CurvesPage
{
    private const string Online = "online";
    private static readonly (string Name, string Title, string Unit)[] s_known =
    [
        ("loss", "Loss", "nats"), ("eval/loss", "Loss on held-out rows", "nats"),
        ("rewards/accuracies", "Pairs ranked as labelled", "share"),
        ("rewards/margins", "Margin", "reward"), ("kl", "KL to the reference", "nats per answer"), ("grad_norm", "Gradient norm", ""),
        ("tokens_per_second", "Tokens per second", ""), ("memory", "Memory", "GiB"),
    ];

    private static readonly (string Value, string Title)[] s_smoothing =
        [("", "automatic"), ("1", "none"), ("5", "5 rows"), ("15", "15 rows"), ("50", "50 rows"), ("200", "200 rows")];

    public static Html Render(IReadOnlyList<BoardRun> runs, PageAddress address, RunFiles files)
    {
        List<string> problems = [];
        RunCurves[] all = [.. runs.Select((run, i) => RunCurves.Of(run, runs.Count == 1 ? "c-online" : ColorOf(i), files, problems))];
        string[] groups = [.. all.SelectMany(c => c.Stages.Select(s => Group(s.Stage))).Distinct()];
        string stage = address.Get("stage");
        bool everything = address.Get("metrics") == "all";
        IEnumerable<Html> sections = groups.Where(g => stage.Length == 0 || g == stage).Select(group =>
        {
            string[] names = [.. s_known.Select(k => k.Name), .. all.SelectMany(c => c.Stages).Where(s => Group(s.Stage) == group)
                .SelectMany(s => s.Metrics.Keys).Distinct().Where(m => everything && s_known.All(k => k.Name != m))
                .Order(StringComparer.Ordinal)];
            Html charts = Html.Join(names.Select(metric => ReportWriter.Figure(Draw(group, metric, all, address))));
            return charts == Html.Empty ? charts
                : Html.Of($"<section><h2>{Title(group)}</h2><div class=\"charts small\">{charts}</div></section>");
        });
        Html drawn = Html.Join(sections);
        return Html.Of($"""
            {Form(address, groups)}{Html.Join(problems.Select(p => Html.Of($"<p class=\"problem\">{p}</p>")))}
            {(drawn == Html.Empty ? new Html("<p>There is nothing to draw yet.</p>") : drawn)}
            """);
    }

    public static string ColorOf(int run) => $"c-run{(run % ComparePage.MostRuns) + 1}";

    /// <summary>A name that leaves room for others beside it.</summary>
    public static string Short(string name) => name.Length <= 24 ? name : name[..23] + "…";

    private static Chart Draw(string group, string metric, RunCurves[] all, PageAddress address)
    {
        (string Name, string Title, string Unit)? known = s_known.Where(k => k.Name == metric).Select(k => ((string, string, string)?)k)
            .FirstOrDefault();
        List<ChartSeries> series = [];
        foreach (RunCurves run in all)
        {
            List<MetricPoint> points = run.Joined(group, metric);
            if (points.Count == 0) continue;
            int window = address.Number("smooth", 0) is > 0 and var asked ? asked : Curve.Window(points.Count);
            if (window > 1 && points.Count > 2) series.Add(new ChartSeries("", run.Color, Curve.Thin(points)) { Faint = true });
            series.Add(new ChartSeries(Short(run.Name), run.Color, Curve.Thin(Curve.MovingAverage(points, window)))
            { Markers = points.Count < 12 });
        }
        return new Chart(known?.Title ?? metric, group == Online ? "step, iterations end to end" : "step", known?.Unit ?? "", series)
        { Compact = true };
    }

    private static Html Form(PageAddress address, string[] groups)
    {
        IEnumerable<Html> kept = address.All("run").Select(r => Html.Of($"<input type=\"hidden\" name=\"run\" value=\"{r}\">"));
        IEnumerable<(string, string)> stages = groups.Select(g => (g, Title(g))).Prepend(("", "all"));
        return Html.Of($"""
            <form class="choices" id="choices">{Html.Join(kept)}
            {Choice.Select("stage", "Stage", stages, address)}
            {Choice.Select("smooth", "Smoothing", s_smoothing, address)}
            {Choice.Select("metrics", "Metrics", [("", "the main ones"), ("all", "all")], address)}
            <button type="submit">Show</button></form>
            """);
    }

    private static string Group(string stage) => stage.StartsWith("online-", StringComparison.Ordinal) ? Online : stage;

    private static string Title(string group) => group == Online ? "online iterations" : TrainingSection.Title(group);

    /// <summary>The curves of one run.</summary>
    private sealed record RunCurves(string Name, string Color, IReadOnlyList<StageMetrics> Stages)
    {
        public static RunCurves Of(BoardRun run, string color, RunFiles files, List<string> problems)
        {
            List<StageMetrics> stages = [];
            foreach (string file in (string[])[MetricCurves.FileName, RunFolder.TimingName])
            {
                stages.AddRange(files.Metrics(run, file, out string? problem).Stages);
                if (problem is not null) problems.Add(problem);
            }
            return new RunCurves(run.Id, color, stages);
        }

        /// <summary>A metric over a group's stages, each beginning where the one before it ended.</summary>
        public List<MetricPoint> Joined(string group, string metric)
        {
            List<MetricPoint> points = [];
            double offset = 0;
            (string source, double unit) = metric == "memory" ? ("memory_bytes", 1.0 / (1L << 30)) : (metric, 1.0);
            foreach (IGrouping<string, StageMetrics> stage in Stages.Where(s => Group(s.Stage) == group).GroupBy(s => s.Stage))
            {
                points.AddRange(stage.SelectMany(s => s[source]).Select(p => new MetricPoint(offset + p.Step, p.Value * unit)));
                offset += stage.SelectMany(s => s.Metrics.Values).Select(p => p[^1].Step).DefaultIfEmpty(0).Max();
            }
            return points;
        }
    }
}
