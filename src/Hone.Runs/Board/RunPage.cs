namespace Hone.Runs;

/// <summary>A run at a glance, as far as it has come: the sections of its report, drawn from what is there by now.</summary>
internal static class RunPage
{
    /// <param name="evaluations">Those that lie in the run's folder.</param>
    public static Html Render(BoardRun run, IReadOnlyList<BoardEvaluation> evaluations, RunFiles files)
    {
        if (run.Manifest is null) return Html.Of($"<p>{BoardShell.State("damaged")} {run.Problem}</p>");
        RunResults results = files.Results(run);
        MetricCurves metrics = files.Metrics(run, MetricCurves.FileName, out string? problem);
        (string Title, Html Body)[] sections =
        [
            ("Results", ResultSection.Render(results)),
            ("Is the reward model to be trusted?", RewardModelSection.Render(results)),
            ("The online iterations", IterationSection.Render(results)),
            ("Rewards and lengths", DistributionSection.Render(results)),
            ("Training curves", TrainingSection.Render(metrics)),
            ("Evaluations", EvaluationList.Render(evaluations)),
            ("The run", RunSection.Render(results)),
        ];
        Html damage = problem is null ? Html.Empty : Html.Of($"<p class=\"problem\">{problem}</p>");
        IEnumerable<Html> shown = sections.Where(s => s.Body != Html.Empty)
            .Select(s => Html.Of($"<section><h2>{s.Title}</h2>{s.Body}</section>"));
        return Html.Of($"""
            <p class="meta">{BoardShell.State(run.State)} {Progress(run)}</p>{damage}{Waiting(run, metrics)}
            {Findings.Render(results)}{Html.Join(shown)}
            """);
    }

    /// <summary>At the very beginning a page has nothing to show, and says what will be there.</summary>
    private static Html Waiting(BoardRun run, MetricCurves metrics) => run.State != "running" || metrics.Stages.Count > 0 ? Html.Empty
        : new Html("""
            <p class="note">Curves come with the first logged steps of a training; answers and rewards with the first online iteration;
            the table of what was gained at the end. This page renews itself.</p>
            """);

    private static string Progress(BoardRun run)
    {
        string begun = $"{run.Name}, begun {BoardShell.Time(run.Manifest!.Created)} UTC";
        if (run.Manifest.Finished is { } finished && run.State == "finished")
            return $"{begun}, finished {BoardShell.Time(finished)} UTC";
        IReadOnlyList<(string Name, bool Finished)> stages = run.Stages();
        string at = stages.LastOrDefault(s => !s.Finished).Name is { } name ? $", now {name}" : "";
        string goOn = run.State == "stopped" ? $". hone run --resume {run.Path} goes on with it" : "";
        int done = stages.Count(s => s.Finished);
        return $"{begun}, {done} {(done == 1 ? "stage" : "stages")} done{(run.State == "running" ? at : "")}{goOn}";
    }
}
