using Hone.Data;

namespace Hone.Runs;

/// <summary>
/// Writes <c>report.html</c> of a run: one file without scripts or references to the outside, made from
/// <c>results.json</c> and <c>metrics.jsonl</c> alone, so that it can be made again at any time.
/// </summary>
internal static class ReportWriter
{
    public const string FileName = "report.html";

    /// <summary>Writes the report into the run folder and returns its path.</summary>
    /// <exception cref="InputException">A file of the run folder is missing or broken.</exception>
    public static string Write(string runFolder)
    {
        RunResults results = RunResultsJson.Read(Path.Combine(runFolder, RunResults.FileName));
        MetricCurves metrics = MetricCurves.Read(Path.Combine(runFolder, MetricCurves.FileName));
        string path = Path.Combine(runFolder, FileName);
        Durable.WriteText(path, Render(results, metrics));
        return path;
    }

    /// <summary>The page as text.</summary>
    public static string Render(RunResults results, MetricCurves metrics)
    {
        (string Id, string Title, Html Body)[] sections =
        [
            ("results", "Results", ResultSection.Render(results)),
            ("reward-model", "Is the reward model to be trusted?", RewardModelSection.Render(results)),
            ("iterations", "The online iterations", IterationSection.Render(results)),
            ("distributions", "Rewards and lengths", DistributionSection.Render(results)),
            ("training", "Training curves", TrainingSection.Render(metrics)),
            ("samples", "Answers side by side", SampleSection.Render(results)),
            ("run", "The run", RunSection.Render(results)),
            ("settings", "Settings", SettingsSection.Render(results)),
        ];
        sections = [.. sections.Where(section => section.Body != Html.Empty)];
        IEnumerable<Html> links = sections.Select(s => Html.Of($"<a href=\"#{s.Id}\">{s.Title}</a>"));
        IEnumerable<Html> bodies = sections.Select(s => Html.Of($"<section id=\"{s.Id}\"><h2>{s.Title}</h2>\n{s.Body}\n</section>\n"));
        // The policy forbids the page to load or run anything, whatever a model wrote into an answer.
        return Html.Of($"""
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
            <meta name="viewport" content="width=device-width,initial-scale=1"><link rel="icon" href="data:,">
            <title>{results.Name} – Hone report</title>
            <style>{new Html(ReportStyle.Css)}</style></head>
            <body><main>
            <h1>{results.Name}</h1>
            <p class="meta">{Meta(results)}</p>
            <nav>{Html.Join(links)}</nav>
            {Findings.Render(results)}
            {Html.Join(bodies)}</main></body></html>

            """).Markup;
    }

    /// <summary>A chart with its heading and caption; nothing where there is nothing to draw.</summary>
    internal static Html Figure(Chart chart) => chart.IsEmpty ? Html.Empty : Html.Of($"""
        <figure><h4>{chart.Title}</h4>{ChartSvg.Draw(chart)}<figcaption>{chart.Caption}</figcaption></figure>

        """);

    private static string Meta(RunResults results)
    {
        List<string> parts = [$"seed {results.Seed}"];
        if (results.WallSeconds > 0) parts.Add(Format.Duration(results.WallSeconds));
        if (results.PeakMemoryBytes > 0) parts.Add($"peak memory {Format.Bytes(results.PeakMemoryBytes)}");
        if (results.Machine.Length > 0) parts.Add(results.Machine);
        return string.Join(" · ", parts);
    }
}
