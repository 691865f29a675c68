using System.Diagnostics;
using System.Text.Json.Nodes;
using Hone.Runs;
using Hone.Runs.Recipes;

namespace Hone.Cli.Tests;

public class MachineVerbTests
{
    [Fact]
    public void Doctor_tells_libtorch_and_the_machine()
    {
        JsonNode found = Command.Done("doctor", "--json").Json;
        Assert.StartsWith("2.10", (string)found["libtorch"]!, StringComparison.Ordinal);
        Assert.True((int)found["threads"]! >= 1);
        Assert.Equal(Environment.ProcessorCount, (int)found["cores"]!);
        Assert.True((double)found["memory_gib"]! > 0.1);
        foreach (string tool in new[] { "bwrap", "mpirun", "chromium" }) Assert.NotNull((string?)found[tool]);
    }

    [Fact]
    public async Task Doctor_fails_where_libtorch_does_not_load()
    {
        using Process process = Command.Start(["doctor"], ("HONE_LIBTORCH", "/no/such/folder"));
        Result result = await Command.End(process);
        Assert.Equal(1, result.Code);
        Assert.Contains("does not load", result.Out, StringComparison.Ordinal);
        Assert.Contains("HONE_LIBTORCH names a folder that does not exist", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Version_is_that_of_the_program() => Assert.Equal("0.1.0", (string?)Command.Done("version", "--json").Json["hone"]);

    [Fact]
    public void Runs_lists_name_dates_and_state()
    {
        using var root = new TempFolder();
        ResolvedRecipe recipe = ResolvedRecipe.Parse("name: first", "recipe.yaml");
        using (RunFolder done = RunFolder.Create(root.File("a"), recipe, TimeProvider.System)) done.MarkFinished(TimeProvider.System);
        RunFolder.Create(root.File("b"), recipe, TimeProvider.System).Dispose();
        using RunFolder running = RunFolder.Create(root.File("c"), recipe, TimeProvider.System);
        Directory.CreateDirectory(root.File("no-run"));
        JsonArray runs = Command.Done("runs", root.Path, "--json").Json.AsArray();
        Assert.Equal(["finished", "stopped", "running"], runs.Select(r => (string?)r!["state"]));
        Assert.All(runs, r => Assert.Equal("first", (string?)r!["name"]));
        Assert.NotNull(runs[0]!["finished"]);
        Assert.Null(runs[1]!["finished"]);
        Assert.Equal(4, Command.Done("runs", root.Path).Out.Trim().Split('\n').Length);
    }

    [Fact]
    public void A_folder_without_runs_is_no_error_and_one_that_is_not_there_is()
    {
        using var root = new TempFolder();
        Result result = Command.Done("runs", root.Path);
        Assert.Empty(result.Out);
        Assert.Contains("no runs", result.Error, StringComparison.Ordinal);
        Assert.Contains("there is no such folder", Command.Refused("runs", "/no/such/folder"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_run_is_listed_as_such_beside_the_others()
    {
        using var root = new TempFolder();
        ResolvedRecipe recipe = ResolvedRecipe.Parse("name: first", "recipe.yaml");
        foreach (string name in new[] { "a", "b" }) RunFolder.Create(root.File(name), recipe, TimeProvider.System).Dispose();
        File.WriteAllText(root.File("a/manifest.json"), "{}");
        JsonArray runs = Command.Done("runs", root.Path, "--json").Json.AsArray();
        Assert.StartsWith("damaged: manifest.json", (string?)runs[0]!["state"], StringComparison.Ordinal);
        Assert.Equal("stopped", (string?)runs[1]!["state"]);
    }

    [Fact]
    public void Report_is_written_again()
    {
        using var run = new TempFolder();
        RunResultsJson.Write(new RunResults { Name = "my-run", Rows = [], Samples = [], TestPrompts = 0, Seed = 1 },
            run.File(RunResults.FileName));
        File.WriteAllText(run.File("metrics.jsonl"), "");
        Assert.Equal(run.File("report.html"), (string?)Command.Done("report", run.Path, "--json").Json["report"]);
        Assert.Contains("my-run", File.ReadAllText(run.File("report.html")), StringComparison.Ordinal);
    }

    [Fact]
    public void There_is_no_report_of_what_is_no_run()
    {
        Command.Refused("report", "/no/such/folder");
        using var empty = new TempFolder();
        Assert.Contains(RunResults.FileName, Command.Refused("report", empty.Path), StringComparison.Ordinal);
    }
}
