namespace Hone.Runs;

/// <summary>Evaluations as a table, of which some can be chosen to stand side by side.</summary>
internal static class EvaluationList
{
    private const int FiguresShown = 4;

    public static Html Render(IReadOnlyList<BoardEvaluation> evaluations)
    {
        if (evaluations.Count == 0) return Html.Empty;
        return Html.Of($"""
            <form action="/evaluations"><div class="scroll" tabindex="0" role="group" aria-label="Evaluations">
            <table class="figures runs"><thead><tr><th scope="col"><span class="hidden">compare</span></th>
            <th scope="col">evaluation</th><th scope="col">model</th><th scope="col">made</th><th scope="col">figures</th></tr></thead>
            <tbody>{Html.Join(evaluations.Select(Row))}</tbody></table></div>
            {(evaluations.Count > 1 ? new Html("<button type=\"submit\">Compare the chosen evaluations</button>") : Html.Empty)}</form>
            """);
    }

    public static string Link(IEnumerable<BoardEvaluation> evaluations) =>
        PageAddress.Link(["evaluations"], evaluations.Select(e => ("of", e.Id)));

    private static Html Row(BoardEvaluation e)
    {
        if (e.Tasks.Count == 0)
            return Html.Of($"""
                <tr><td></td><th scope="row"><bdi>{e.Id}</bdi></th><td colspan="3" class="what">{e.Problem ?? "no figures"}</td></tr>

                """);
        EvaluatedTask[] shown = [.. EvaluationPage.TopTasks([e]).Select(e.Task).OfType<EvaluatedTask>()];
        IEnumerable<string> figures = shown.Take(FiguresShown)
            .Select(t => $"{t.Name} {EvaluationPage.Number(t.Figures[0].Value.Value, t.Figures[0].IsShare)}");
        string more = shown.Length > FiguresShown ? $" and {shown.Length - FiguresShown} more" : "";
        return Html.Of($"""
            <tr><td><input type="checkbox" name="of" value="{e.Id}" aria-label="Compare {e.Id}"></td>
            <th scope="row"><a href="{Link([e])}"><bdi>{e.Id}</bdi></a></th><td><bdi>{e.Model}</bdi></td><td>{e.Made}</td>
            <td class="what">{string.Join(" · ", figures)}{more}</td></tr>

            """);
    }
}
