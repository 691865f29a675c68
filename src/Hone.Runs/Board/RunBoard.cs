namespace Hone.Runs;

/// <summary>What a page of the board is answered with.</summary>
/// <param name="Status">200, 304 (it is as the asker knows it) or 404.</param>
/// <param name="Version">Another one as soon as anything that the page shows has changed.</param>
internal readonly record struct BoardAnswer(int Status, string Version, string Page);

/// <summary>
/// The pages about the runs of a folder, made anew from the run folders whenever they are asked for. What is asked for is found
/// among the runs that are there: no address becomes a path.
/// </summary>
/// <param name="root">Holds run folders, or is one.</param>
internal sealed class RunBoard(string root)
{
    private readonly RunFiles _files = new();

    /// <param name="known">The version that the asker has.</param>
    public BoardAnswer Answer(PageAddress address, string? known = null)
    {
        IReadOnlyList<BoardRun> all = BoardRun.In(root);
        string[] parts = address.Path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        BoardRun? run = parts is ["run", var id, ..] ? all.FirstOrDefault(r => r.Id == id) : null;
        IReadOnlyList<BoardRun> shown = parts is ["compare"] ? [.. address.All("run").Select(id => all.FirstOrDefault(r => r.Id == id))
            .OfType<BoardRun>().Take(ComparePage.MostRuns)] : run is null ? all : [run];
        string version = BoardRun.Hash(string.Join('\n', shown.Select(r => $"{r.Id} {r.Version()}")));
        if (version == known) return new BoardAnswer(304, version, "");
        Html? body = (parts, run) switch
        {
            ([], _) => RunListPage.Render(all, _files, root),
            (["compare"], _) => ComparePage.Render(shown, all, address, _files),
            (["run", _], { }) => RunPage.Render(run, _files),
            (["run", _, "curves"], { }) => CurvesPage.Render([run], address, _files),
            (["run", _, "samples"], { }) => SamplesPage.Render(run, address, new SampleReader(_files)),
            (["run", _, "recipe"], { }) => SettingsSection.Render(_files.Results(run)),
            _ => null,
        };
        string title = run is not null ? run.Id : parts is ["compare"] ? "Runs compared" : body is null ? "Not found" : "Runs";
        Html page = BoardShell.Render(title, version, run, parts.ElementAtOrDefault(2) ?? "",
            body ?? new Html("<p>There is no such page, or no such run any more.</p>"));
        return new BoardAnswer(body is null ? 404 : 200, version, page.Markup);
    }
}
