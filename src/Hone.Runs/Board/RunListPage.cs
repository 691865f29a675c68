using Hone.Evaluation;

namespace Hone.Runs;

/// <summary>The runs and evaluations of a folder, newest first, and the way to lay some of them over each other.</summary>
internal static class RunListPage
{
    public static Html Render(
        IReadOnlyList<BoardRun> runs, IReadOnlyList<BoardEvaluation> evaluations, RunFiles files, string root)
    {
        if (evaluations.Count == 0) return Runs(runs, files, root);
        Html list = EvaluationList.Render(evaluations);
        return runs.Count == 0 ? list : Html.Of($"{Runs(runs, files, root)}<section><h2>Evaluations</h2>{list}</section>");
    }

    private static Html Runs(IReadOnlyList<BoardRun> runs, RunFiles files, string root) => runs.Count == 0
        ? Html.Of($"""
            <p>There is no run in <code>{root}</code> yet. This page shows one as soon as it begins:</p>
            <pre><code>hone quickstart --output {Path.Combine(root, "first")}</code></pre>
            """)
        : Html.Of($"""
            <form action="/compare"><div class="wide"><p class="more">{Html.MoreColumns}</p>
            <div class="scroll" tabindex="0" role="group" aria-label="Runs"><table class="figures runs">
            <thead><tr><th scope="col"><span class="hidden">compare</span></th><th scope="col">run</th><th scope="col">state</th>
            <th scope="col">begun</th><th scope="col">stage</th><th scope="col">released</th>
            <th scope="col">win rate %</th><th scope="col">KL to SFT</th></tr></thead>
            <tbody>{Html.Join(runs.Select(r => Row(r, files)))}</tbody></table></div></div>
            {(runs.Count > 1 ? new Html("<button type=\"submit\">Compare the chosen runs</button>") : Html.Empty)}</form>
            <p class="note">Win rate against SFT, by the gold judge where there is one, else by the reward model.</p>
            """);

    private static Html Row(BoardRun run, RunFiles files)
    {
        if (run.Manifest is not { } manifest)
            return Html.Of($"""
                <tr><td></td><th scope="row"><bdi>{run.Id}</bdi></th><td>{BoardShell.State("damaged")}</td>
                <td class="what" colspan="5">{run.Problem}</td></tr>

                """);
        string link = PageAddress.Link(["run", run.Id]), begun = BoardShell.Time(manifest.Created);
        (string Name, bool Finished)[] stages = run.State == "finished" ? [] : [.. run.Stages()];
        string stage = stages.Length == 0 ? "" : $"{stages[^1].Name}{(stages[^1].Finished ? ", done" : "")}";
        // What a run without results has is not looked at: reading its metrics takes long, and they name no released policy.
        ResultRow? released = run.State == "finished" ? files.Results(run).Rows.FirstOrDefault(r => r.Selected) : null;
        return Html.Of($"""
            <tr><td><input type="checkbox" name="run" value="{run.Id}" aria-label="Compare {run.Id}"></td>
            <th scope="row"><a href="{link}"><bdi>{run.Id}</bdi></a></th>
            <td>{BoardShell.State(run.State)}</td><td>{begun}</td><td>{stage}</td><td>{released?.Name ?? ""}</td>
            {Cell(released?.GoldWinRate ?? released?.RmWinRate, Format.Percent)}
            {Cell(released?.Kl, v => Format.Number(v, 2))}</tr>

            """);
    }

    private static Html Cell(Interval? value, Func<double, string> format) => value is not { } v ? new Html("<td class=\"none\">–</td>")
        : Html.Of($"<td>{Format.Typographic(format(v.Value))}<small>{Format.Typographic(format(v.Low))} to "
            + $"{Format.Typographic(format(v.High))}</small></td>");
}
