namespace Hone.Runs;

/// <summary>What a page of the board is answered with.</summary>
/// <param name="Status">200, 304 (it is as the asker knows it) or 404.</param>
/// <param name="Version">Another one as soon as anything that the page shows has changed.</param>
internal readonly record struct BoardAnswer(int Status, string Version, string Page);

/// <summary>
/// The pages about the runs and evaluations of a folder, made anew from what lies there whenever they are asked for. What is asked for
/// is found among the runs and evaluations that are there: no address becomes a path.
/// </summary>
/// <param name="root">Holds run folders and those of evaluations, or is one.</param>
/// <param name="evaluations">Holds evaluations, too; null for no other folder.</param>
internal sealed class RunBoard(string root, string? evaluations = null)
{
    private readonly RunFiles _files = new();

    /// <param name="known">The version that the asker has.</param>
    public BoardAnswer Answer(PageAddress address, string? known = null)
    {
        IReadOnlyList<BoardRun> all = BoardRun.In(root);
        string[] parts = address.Path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        BoardRun? run = parts is ["run", var id, ..] ? all.FirstOrDefault(r => r.Id == id) : null;
        IReadOnlyList<BoardRun> shown = parts is ["compare"] ? [.. address.All("run").Select(id => all.FirstOrDefault(r => r.Id == id))
            .OfType<BoardRun>().Take(ComparePage.MostRuns)] : parts is ["evaluations"] ? [] : run is null ? all : [run];
        IReadOnlyList<FileInfo> found = parts is [] or ["evaluations"] ? BoardEvaluation.FilesIn(root)
            : parts is ["run", _] && run is not null ? BoardEvaluation.FilesIn(run.Path, BoardEvaluation.Depth - 1) : [];
        IReadOnlyList<FileInfo> beside = evaluations is not null && parts is [] or ["evaluations"]
            ? BoardEvaluation.FilesIn(evaluations) : [];
        string version = BoardRun.Hash(string.Join('\n', shown.Select(r => $"{r.Id} {r.Version()}"))
            + BoardEvaluation.VersionOf(found.Concat(beside)));
        if (version == known) return new BoardAnswer(304, version, "");
        IReadOnlyList<BoardEvaluation> evaluated = Evaluated(found, beside);
        BoardEvaluation[] chosen = parts is not ["evaluations"] ? [] : [.. address.All("of")
            .Select(id => evaluated.FirstOrDefault(e => e.Id == id)).OfType<BoardEvaluation>().Take(EvaluationPage.Most)
            .OrderBy(e => e.Time, StringComparer.Ordinal)];
        Html? body = (parts, run) switch
        {
            ([], _) => RunListPage.Render(all, evaluated, _files, root),
            (["compare"], _) => ComparePage.Render(shown, all, address, _files),
            (["evaluations"], _) => EvaluationPage.Render(chosen, evaluated, address, _files),
            (["run", _], { }) => RunPage.Render(run, evaluated, _files),
            (["run", _, "curves"], { }) => CurvesPage.Render([run], address, _files),
            (["run", _, "samples"], { }) => SamplesPage.Render(run, address, new SampleReader(_files)),
            (["run", _, "recipe"], { }) => SettingsSection.Render(_files.Results(run)),
            _ => null,
        };
        string title = run is not null ? run.Id : parts is ["compare"] ? "Runs compared"
            : parts is ["evaluations"] ? chosen.Length > 1 ? "Evaluations compared" : "Evaluation" : body is null ? "Not found"
            : all.Count == 0 && evaluated.Count > 0 ? "Evaluations" : "Runs";
        Html page = BoardShell.Render(title, version, run, parts.ElementAtOrDefault(2) ?? "",
            body ?? new Html("<p>There is no such page, or no such run any more.</p>"));
        return new BoardAnswer(body is null ? 404 : 200, version, page.Markup);
    }

    /// <summary>All evaluations, the newest first; those of the folder beside are named with it.</summary>
    private IReadOnlyList<BoardEvaluation> Evaluated(IReadOnlyList<FileInfo> found, IReadOnlyList<FileInfo> beside)
    {
        string above = evaluations is null ? "" : Path.GetDirectoryName(Path.GetFullPath(evaluations))!;
        return [.. BoardEvaluation.Of(found, Path.GetFullPath(root), _files).Concat(BoardEvaluation.Of(beside, above, _files))
            .OrderByDescending(e => e.Time, StringComparer.Ordinal)];
    }
}
