namespace Hone.Runs;

/// <summary>What stands around every page of the board.</summary>
internal static class BoardShell
{
    private static readonly (string Part, string Title)[] s_tabs =
        [("", "Overview"), ("curves", "Curves"), ("samples", "Samples"), ("recipe", "Recipe")];

    /// <param name="version">Of what is shown: the script asks whether there is a newer one.</param>
    /// <param name="tab">Which page of the run it is.</param>
    public static Html Render(string title, string version, BoardRun? run, string tab, Html body) => Html.Of($"""
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8">
        <meta name="viewport" content="width=device-width,initial-scale=1"><link rel="icon" href="data:,">
        <meta name="version" content="{version}">
        <title>{title} – Hone board</title>
        <link rel="stylesheet" href="/board.css"><script type="module" src="/board.js"></script></head>
        <body class="board"><a class="skip" href="#live">Skip to the content</a>
        <header><a class="home" href="/">Hone board</a><span id="fresh" role="status"></span></header>
        <main>{Heading(title, run, tab)}
        <div id="live">{body}</div></main></body></html>
        """);

    /// <summary>The state as a word with a colour.</summary>
    public static Html State(string state) => Html.Of($"<span class=\"state {state}\">{state}</span>");

    /// <summary>A manifest's time as people read it, UTC.</summary>
    public static string Time(string time) => time.Replace('T', ' ').TrimEnd('Z');

    private static Html Heading(string title, BoardRun? run, string tab)
    {
        if (run is null) return Html.Of($"<h1>{title}</h1>");
        IEnumerable<Html> tabs = s_tabs.Select(t =>
        {
            Html current = t.Part == tab ? new Html(" aria-current=\"page\"") : Html.Empty;
            string link = PageAddress.Link(t.Part.Length == 0 ? ["run", run.Id] : ["run", run.Id, t.Part]);
            return Html.Of($"<a href=\"{link}\"{current}>{t.Title}</a>");
        });
        return Html.Of($"<h1><bdi>{title}</bdi></h1><nav class=\"tabs\" aria-label=\"Pages of this run\">{Html.Join(tabs)}</nav>");
    }
}
