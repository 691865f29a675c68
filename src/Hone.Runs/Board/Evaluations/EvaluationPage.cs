using Hone.Evaluation;

namespace Hone.Runs;

/// <summary>One evaluation, or several side by side: figures with intervals, how far each is from the first, what was asked.</summary>
internal static class EvaluationPage
{
    public const int Most = 6;
    private const int TasksPerChart = 6, ChartWidth = 400;

    public static Html Render(IReadOnlyList<BoardEvaluation> shown, IReadOnlyList<BoardEvaluation> all, PageAddress address, RunFiles files)
    {
        if (shown.Count == 0)
            return all.Count > 0 ? EvaluationList.Render(all) : new Html("<p>There is no evaluation here yet: hone eval writes them.</p>");
        string[] top = [.. TopTasks(shown)], every = [.. shown.SelectMany(e => e.Tasks).Select(t => t.Name).Distinct()];
        bool parts = address.Get("tasks") == "all";
        string[] tasks = parts ? every : top;
        IEnumerable<Html> names = shown.Select((e, i) => Html.Of(
            $"<a class=\"chip {CurvesPage.ColorOf(i)}\" href=\"{EvaluationList.Link([e])}\"><bdi>{e.Id}</bdi></a> "));
        (string other, string what) = parts ? ("", "groups only") : ("all", "every task of the groups");
        Html choice = every.Length == top.Length ? Html.Empty
            : Html.Of($"<p class=\"note\"><a href=\"{address.With(("tasks", other))}\">{what}</a></p>");
        string more = address.All("of").Count > Most ? $" The first {Most} are shown." : "";
        return Html.Of($"""
            <p class="meta">{Html.Join(names)}{more}</p>{Problems(shown)}
            <section><h2>Figures</h2>{Charts(shown, tasks)}{Table(shown, tasks, files)}{choice}{Note(shown)}</section>
            {Asked(shown, tasks)}
            """);
    }

    /// <summary>Tasks that no group sums up, and the groups, in the order of the files.</summary>
    public static IEnumerable<string> TopTasks(IReadOnlyList<BoardEvaluation> shown)
    {
        EvaluatedTask[] all = [.. shown.SelectMany(e => e.Tasks)];
        HashSet<string> parts = [.. all.SelectMany(t => t.Parts.Where(p => p != t.Name))];
        return all.Select(t => t.Name).Where(name => !parts.Contains(name)).Distinct();
    }

    public static string Number(double value, bool share) => Bare(value, share) + (share ? "%" : "");

    private static string Bare(double value, bool share) =>
        Format.Typographic(share ? Format.Percent(value) : Format.Number(value, Math.Abs(value) < 100 ? 3 : 1));

    private static Html Problems(IReadOnlyList<BoardEvaluation> shown) => Html.Join(shown.SelectMany(e =>
        e.Warnings.Select(w => Html.Of($"<p class=\"warning\"><bdi>{e.Id}</bdi>: {w}</p>"))
            .Concat(e.Problem is { } problem ? [Html.Of($"<p class=\"problem\">{problem}</p>")] : [])));

    private static Html Charts(IReadOnlyList<BoardEvaluation> shown, string[] tasks)
    {
        string[] shares = [.. tasks.Where(t => shown.All(e => e.Task(t) is null or { Figures: [{ IsShare: true }, ..] }))];
        if (shares.Length == 0) return Html.Empty;
        int fit = Math.Clamp((int)(ChartWidth / shares.Max(t => Labels.Width(CurvesPage.Short(t)) + 8)), 1, TasksPerChart);
        IEnumerable<Html> charts = shares.Chunk(fit).Select(some => ReportWriter.Figure(Draw(shown, some)));
        return Html.Of($"<div class=\"charts\">{Html.Join(charts)}</div>");
    }

    /// <summary>The first figure of each task, a place for each evaluation beside the others.</summary>
    private static Chart Draw(IReadOnlyList<BoardEvaluation> shown, string[] tasks)
    {
        double Place(int task, int evaluation) => task + ((evaluation - ((shown.Count - 1) / 2.0)) * 0.12);
        ChartPoint Point(int task, int evaluation, Interval value) =>
            new(Place(task, evaluation), value.Value, value.IsUndefined ? null : value);
        ChartSeries Series(BoardEvaluation e, int i) => new(CurvesPage.Short(e.Id), CurvesPage.ColorOf(i),
            [.. tasks.Index().Where(t => e.Task(t.Item) is not null).Select(t => Point(t.Index, i, e.Task(t.Item)!.Figures[0].Value))])
        { Markers = true, Line = false };
        return new Chart("Share, with 95% intervals", "", "%", [.. shown.Select(Series)])
        { XNames = [.. tasks.Select(CurvesPage.Short)], YPercent = true };
    }

    private static Html Table(IReadOnlyList<BoardEvaluation> shown, string[] tasks, RunFiles files)
    {
        IEnumerable<Html> head = shown.Select(e => Html.Of($"<th scope=\"col\"><bdi>{e.Id}</bdi></th>"));
        IEnumerable<Html> rows = tasks.SelectMany(task => shown.Select(e => e.Task(task)).OfType<EvaluatedTask>()
            .SelectMany(t => t.Figures.Select(f => f.Name)).Distinct().Select((figure, i) => Row(shown, task, figure, i == 0, files)));
        return Html.Of($"""
            <div class="wide"><p class="more">{Html.MoreColumns}</p>
            <div class="scroll" tabindex="0" role="group" aria-label="Figures"><table class="figures">
            <thead><tr><th scope="col">task</th>{Html.Join(head)}</tr></thead><tbody>{Html.Join(rows)}</tbody></table></div></div>
            """);
    }

    private static Html Row(IReadOnlyList<BoardEvaluation> shown, string task, string figure, bool first, RunFiles files)
    {
        EvaluationFigure?[] own = [.. shown.Select(e => e.Task(task)?.Figures.FirstOrDefault(f => f.Name == figure))];
        bool share = own.All(f => f?.IsShare != false);
        Html cells = Html.Join(own.Select((f, i) => f is null ? new Html("<td class=\"none\">–</td>")
            : Html.Of($"<td>{Number(f.Value.Value, share)}{Bounds(f.Value, share)}{(i == 0 ? Html.Empty : Gap(i))}</td>")));
        string name = figure.EndsWith(",none", StringComparison.Ordinal) ? figure[..^",none".Length] : figure.Replace(",", ", ");
        return Html.Of($"""
            <tr><th scope="row">{(first ? task : "")}{(first ? Html.Empty : Html.Of($"<span class=\"hidden\">{task}</span>"))}
            <small>{name}</small></th>{cells}</tr>

            """);

        Html Gap(int i)
        {
            if (EvaluationDifference.Of(shown[0], shown[i], task, figure, files) is not { } gap) return Html.Empty;
            string bounds = gap.Value.IsUndefined ? "" : $" ({Signed(gap.Value.Low)} to {Signed(gap.Value.High)})";
            string by = gap.P is not { } p ? "" : $", p {(p < 0.001 ? "< 0.001" : Format.Number(p, 3))}";
            string sure = gap.Value.IsAbove(0) || gap.Value.IsBelow(0) ? " sure" : "";
            return Html.Of($"<small class=\"gap{sure}\">{Signed(gap.Value.Value)}{bounds}{by}</small>");
        }

        string Signed(double value) => (value > 0 ? "+" : "") + Bare(value, share);
    }

    private static Html Bounds(Interval value, bool share) => value.IsUndefined ? Html.Empty
        : Html.Of($"<small>{Number(value.Low, share)} to {Number(value.High, share)}</small>");

    private static Html Note(IReadOnlyList<BoardEvaluation> shown)
    {
        string between = shown.Count == 1 ? "" : " Below them the difference to the first, which is the oldest, in points: with p, "
            + "item by item over the same items (as hone compare has it); without, from the standard errors, "
            + "where --log-samples was not given.";
        return Html.Of($"<p class=\"note\">95% intervals: Wilson's of right or wrong answers, else 1.96 standard errors.{between}</p>");
    }

    /// <summary>What one evaluation asked, or what several asked otherwise of the tasks that all have.</summary>
    private static Html Asked(IReadOnlyList<BoardEvaluation> shown, string[] tasks)
    {
        string[] keys = [.. shown.SelectMany(e => e.Settings.Keys).Distinct()
            .Where(key => key.Split(": ") is not [var task, _] || (tasks.Contains(task) && shown.All(e => e.Task(task) is not null)))
            .Where(key => shown.Count == 1 || shown.Select(e => e.Settings.GetValueOrDefault(key)).Distinct().Count() > 1)
            .Order(StringComparer.Ordinal)];
        string title = shown.Count == 1 ? "What was asked" : "What they were asked otherwise";
        if (keys.Length == 0) return shown.Count == 1 ? Html.Empty : Html.Of($"<section><h2>{title}</h2><p>Nothing.</p></section>");
        IEnumerable<Html> head = shown.Select(e => Html.Of($"<th scope=\"col\"><bdi>{e.Id}</bdi></th>"));
        IEnumerable<Html> rows = keys.Select(key =>
        {
            Html cells = Html.Join(shown.Select(e => Html.Of($"<td><code>{Cut(e.Settings.GetValueOrDefault(key, "–"))}</code></td>")));
            return Html.Of($"<tr><th scope=\"row\"><code>{key}</code></th>{cells}</tr>\n");
        });
        return Html.Of($"""
            <section><h2>{title}</h2><div class="scroll" tabindex="0" role="group" aria-label="{title}"><table class="settings">
            <thead><tr><th scope="col">key</th>{Html.Join(head)}</tr></thead><tbody>{Html.Join(rows)}</tbody></table></div></section>
            """);
    }

    private static string Cut(string value) => value.Length <= 200 ? value : $"{value[..199]}…";
}
