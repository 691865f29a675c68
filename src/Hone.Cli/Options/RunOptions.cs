using System.CommandLine;
using Hone.Runs;
using Hone.Runs.Metrics;
using Hone.Runs.Recipes;
using Hone.Server;
using Hone.Training;
using Hone.Workflow;
using Hone.Workflow.World;
using Microsoft.AspNetCore.Builder;

namespace Hone.Cli;

/// <summary>The flags that <c>quickstart</c> and <c>run</c> share, and the run itself.</summary>
internal sealed class RunOptions
{
    private readonly Option<string?> _output = new("--output")
    {
        Description = "Folder of the run; must not exist yet. Default: runs/<date>-<name>.",
    };
    private readonly Option<string?> _resume = new("--resume") { Description = "Folder of a run to go on with." };
    private readonly Option<string[]> _redo = new("--redo")
    {
        Description =
            "With --resume: stage to do again from the start, and with it all that depend on its result; for example online-2/dpo.",
    };
    private readonly WorkersFlag _workers;
    private readonly Option<bool> _board = new("--board") { Description = "Show the run in a browser while it goes on (hone board)." };
    private readonly RecipeOptions _recipe;
    private readonly CommonOptions _common;

    public RunOptions(Command command)
    {
        command.Add(_output);
        command.Add(_resume);
        command.Add(_redo);
        _workers = new WorkersFlag(command);
        command.Add(_board);
        _recipe = new RecipeOptions(command);
        _common = new CommonOptions(command);
    }

    /// <summary>Makes a whole run, or going on with one, what the command does.</summary>
    public void Act(
        Command command, Streams io,
        Func<ParseResult, IReadOnlyList<RecipeOverride>, ResolvedRecipe> load) => _common.Act(command, io, parsed =>
    {
        IReadOnlyList<RecipeOverride> overrides = [.. _recipe.Overrides(parsed), .. _workers.Overrides(parsed)];
        if (parsed.GetValue(_redo) is { Length: > 0 } && parsed.GetValue(_resume) is null)
            throw new InputException("--redo is for a run that was begun", fix: "Name its folder with --resume.");
        // The recipe of a run that was begun is in its folder, which rank 0 alone opens.
        ResolvedRecipe? recipe = parsed.GetValue(_resume) is null ? load(parsed, overrides) : null;
        return RankStart.Run(io, recipe?.Value, () => recipe?.Value ?? RunFolder.RecipeOf(parsed.GetValue(_resume)!, overrides),
            ranks => Lead(io, parsed, recipe, overrides, ranks));
    });

    private int Lead(Streams io, ParseResult parsed, ResolvedRecipe? recipe, IReadOnlyList<RecipeOverride> overrides, Ranks ranks)
    {
        TimeProvider clock = TimeProvider.System;
        ProgressDisplay display = io.Progress();
        using var stop = new StopSignal(display.Say);
        using RunFolder folder = recipe is null
            ? RunFolder.Resume(parsed.GetValue(_resume)!, clock, overrides)
            : Create(recipe, parsed.GetValue(_output), clock);
        display.Say($"run folder: {folder.Path}");
        io.GoOn = Streams.Line(["run", "--resume", folder.Path]);
        using WebApplication? board = parsed.GetValue(_board) ? OpenBoard(folder.Path, display) : null;
        RunResults results;
        try
        {
            results = RunSession.Execute(folder, display, clock, parsed.GetValue(_redo) ?? [], files: null, Streams.Line(io.Args), ranks,
                stop.Token);
        }
        catch when (!RunFolder.HoldsWork(folder.Path))
        {
            folder.Remove(); // nothing was done in it: the corrected command begins anew
            io.GoOn = null;
            throw;
        }
        io.Out.WriteLine(_common.Json(parsed) ? RunResultsJson.ToJson(results)
            : results.Rows.Count > 0 ? ResultTable.Of(results).ToText()
            : string.Join('\n', Findings.Sentences(results)));
        display.Say($"report: {Here(folder.File("report.html"))}\nmodel:  {Here(folder.File("model"))}");
        if (results.Rows.Count > 0) display.Say(NextSteps(folder, results.Rows.FirstOrDefault(r => r.Selected)?.Name ?? "model"));
        if (board is null) return 0;
        display.Say($"board:  {Streams.Line(["board", Here(Path.GetDirectoryName(folder.Path)!)])}   (shows this run again)");
        folder.Dispose(); // nobody works on it any longer: now its page says that it is finished
        BoardServer.SeenAsync(board).GetAwaiter().GetResult();
        return 0;
    }

    /// <summary>How to talk to the released model, and to see it beside the one that the loop began with.</summary>
    private static string NextSteps(RunFolder folder, string released)
    {
        string model = Here(folder.File("model")), first = Here(folder.File("sft/model"));
        string chat = $"chat:   {Streams.Line(["chat", model])}";
        // It knows nothing else.
        if (folder.Recipe.Value.Data.World != DataWorld.None)
            chat += $"   (ask for advice about {string.Join(", ", TopicFamily.All.Select(t => t.RequestWords[0]))})";
        return !Directory.Exists(first) || released == "sft" ? chat : $"{chat}\n"
            + $"arena:  {Streams.Line(["serve", model, first, "--served-model-name", released, "sft", "--votes", "votes.jsonl"])}"
            + "   (in a browser)";
    }

    /// <summary>A path as one types it in the current folder.</summary>
    private static string Here(string path)
    {
        string relative = Path.GetRelativePath(Environment.CurrentDirectory, path);
        return relative.StartsWith("..", StringComparison.Ordinal) ? path : relative;
    }

    private static WebApplication OpenBoard(string run, ProgressDisplay display)
    {
        WebApplication server = BoardServer.StartAsync(Path.GetDirectoryName(run)!, BoardVerb.UsualPort, orAnother: true)
            .GetAwaiter().GetResult();
        display.Say($"board:  {server.Urls.Single()}{BoardServer.AddressOf(run)}   (in a browser, while the run goes on)");
        return server;
    }

    private static RunFolder Create(ResolvedRecipe recipe, string? output, TimeProvider clock)
    {
        RecipeChecks.ForRun(recipe);
        return RunFolder.Create(output ?? RunFolder.DefaultPath("runs", recipe.Value.Name, clock), recipe, clock);
    }
}
