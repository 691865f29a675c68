namespace Hone.Runs;

/// <summary>How the run came about: its command line, what was read and dropped, and where the time went.</summary>
internal static class RunSection
{
    public static Html Render(RunResults results)
    {
        Html command = results.Command.Length == 0 ? Html.Empty : Html.Of($"""
            <h3>Command</h3>
            <pre><code>{results.Command}</code></pre>

            """);
        Html data = results.Data.Count == 0 ? Html.Empty : Html.Of($"""
            <h3>Data</h3>
            <ul class="lines">{Html.Join(results.Data.Select(line => Html.Of($"<li>{line}</li>")))}</ul>

            """);
        return new Html(command.Markup + data.Markup + Stages(results).Markup);
    }

    private static Html Stages(RunResults results)
    {
        if (results.Stages.Count == 0) return Html.Empty;
        double longest = Math.Max(1e-9, results.Stages.Max(s => s.Seconds)), all = results.Stages.Sum(s => s.Seconds);
        IEnumerable<Html> rows = results.Stages.Select(s => Html.Of($"""
            <tr><th scope="row">{s.Name}</th><td>{(s.Steps == 0 ? "" : Format.Count(s.Steps))}</td>
            <td class="time">{(s.Seconds > 0 ? Format.Seconds(s.Seconds) : "")}</td>
            <td class="share">{Bar(s.Seconds / longest)}</td><td class="held">{HeldOut(s)}</td></tr>

            """));
        string caption = $"Wall time of the stages together: {Format.Duration(all)}. Held-out figures are the last ones measured.";
        return Html.Of($"""
            <h3>Stages</h3>
            <div class="wide"><p class="more">{Html.MoreColumns}</p>
            <div class="scroll" tabindex="0"><table class="figures stages">
            <thead><tr><th scope="col">stage</th><th scope="col">steps</th><th scope="col">time</th><th></th>
            <th scope="col" class="held">on held-out rows</th></tr></thead>
            <tbody>{Html.Join(rows)}</tbody></table></div></div>
            <p class="note">{caption}</p>
            """);
    }

    private static Html Bar(double share) => Html.Of($"""
        <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
        <rect class="mark c-it2" width="{100 * share}" height="8"/></svg>
        """);

    private static string HeldOut(StageResult stage)
    {
        List<string> parts = [];
        if (stage.HeldOut.TryGetValue("loss", out double loss)) parts.Add($"loss {Format.Number(loss, 4)}");
        if (stage.Ranked is { } ranked)
            parts.Add($"{Format.PercentWithInterval(ranked)} % of {Format.Count(stage.Pairs)} pairs ranked as labelled");
        if (stage.HeldOut.TryGetValue("rewards/margins", out double margin))
            parts.Add($"margin {Format.Typographic(Format.Number(margin, 3))}");
        return string.Join(", ", parts);
    }
}
