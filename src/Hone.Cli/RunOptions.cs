using System.CommandLine;
using Hone.Workflow;
using Hone.Workflow.Metrics;
using Hone.Workflow.Recipes;
using Hone.Workflow.Runs;

namespace Hone.Cli;

/// <summary>The flags that <c>quickstart</c> and <c>run</c> share, and the run itself.</summary>
internal sealed class RunOptions
{
    private static readonly TimeSpan s_plainInterval = TimeSpan.FromSeconds(10);

    public Option<string?> Output { get; } = new("--output") { Description = "Folder of the run; must not exist yet. Default: runs/<date>-<name>." };

    public Option<string?> Resume { get; } = new("--resume") { Description = "Folder of a run to go on with." };

    public Option<string[]> Set { get; } = new("--set") { Description = "KEY=VALUE: overrides a key of the recipe." };

    public Option<string[]> Redo { get; } = new("--redo") { Description = "Stage to do again from the start, for example online-2/dpo." };

    public Option<int?> Seed { get; } = new("--seed") { Description = "Seed of everything random." };

    public Option<string?> Device { get; } = new("--device") { Description = "auto, cpu, cuda or cuda:N." };

    public Option<bool> Json { get; } = new("--json") { Description = "Print the results as JSON on stdout." };

    public Option<bool> Verbose { get; } = new("--verbose") { Description = "Show where an error comes from." };

    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { Output, Resume, Set, Redo, Seed, Device, Json, Verbose }) command.Add(option);
    }

    public IReadOnlyList<RecipeOverride> Overrides(ParseResult parsed)
    {
        var overrides = new List<RecipeOverride>();
        if (parsed.GetValue(Seed) is { } seed) overrides.Add(RecipeOverride.Flag("--seed", "seed", $"{seed}"));
        if (parsed.GetValue(Device) is { } device) overrides.Add(RecipeOverride.Flag("--device", "device", device));
        overrides.AddRange((parsed.GetValue(Set) ?? []).Select(RecipeOverride.Set));
        return overrides;
    }

    /// <summary>Runs, or goes on with, a whole run, and prints its table.</summary>
    public int Execute(ParseResult parsed, Func<IReadOnlyList<RecipeOverride>, ResolvedRecipe> load) => Exit.Code(parsed.GetValue(Verbose), () =>
    {
        TimeProvider clock = TimeProvider.System;
        var display = new ProgressDisplay(Console.Error, live: !Console.IsErrorRedirected, clock, s_plainInterval, () => Console.BufferWidth);
        using var stop = new StopSignal(display.Say);
        IReadOnlyList<RecipeOverride> overrides = Overrides(parsed);
        using RunFolder folder = parsed.GetValue(Resume) is { } resumed
            ? RunFolder.Resume(resumed, clock, overrides)
            : Create(load(overrides), parsed.GetValue(Output), clock);
        display.Say($"run folder: {folder.Path}");
        RunResults results = RunSession.Execute(folder, display, clock, stop.Token, parsed.GetValue(Redo));
        Console.Out.WriteLine(parsed.GetValue(Json) ? RunResultsJson.ToJson(results) : ResultTable.Of(results).ToText());
        display.Say($"report: {folder.File("report.html")}\nmodel:  {folder.File("model")}   (hone chat {folder.File("model")})");
        return 0;
    });

    private static RunFolder Create(ResolvedRecipe recipe, string? output, TimeProvider clock) =>
        RunFolder.Create(output ?? RunFolder.DefaultPath("runs", recipe.Value.Name, clock), recipe, clock);
}
