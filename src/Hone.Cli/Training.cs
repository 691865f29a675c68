using System.CommandLine;
using System.Text.Json.Nodes;
using Hone.Data;
using Hone.Runs;
using Hone.Runs.Metrics;
using Hone.Runs.Recipes;
using Hone.Training;
using Hone.Workflow;

namespace Hone.Cli;

/// <summary>What <c>sft</c>, <c>reward</c> and <c>dpo</c> share: train one stage, print what came out.</summary>
internal static class Training
{
    public const string Resuming = """
        The result is a Hugging Face folder. Until it is finished the work lies in OUTPUT.training; the same
        command with --resume goes on with it after a kill.
        """;

    public static int Run(
        Streams io, StageOptions options, ParseResult parsed, ResolvedRecipe recipe, Func<RunContext, ModelRef> stage) =>
        RankStart.Run(io, recipe.Value, () => recipe.Value, ranks => Lead(io, options, parsed, recipe, stage, ranks));

    private static int Lead(
        Streams io, StageOptions options, ParseResult parsed, ResolvedRecipe recipe, Func<RunContext, ModelRef> stage, Ranks ranks)
    {
        ProgressDisplay display = io.Progress();
        using var stop = new StopSignal(display.Say);
        io.GoOn = io.Resumed();
        TrainedModel model = SingleStage.Train(
            options.Output(parsed), options.Resume(parsed), options.Redo(parsed), recipe, display, TimeProvider.System, stage,
            Streams.Line(io.Args), ranks, stop.Token);
        ResultPrinter.Print(io.Out, options.Json(parsed),
            ("model", model.Folder),
            ("steps", model.Steps),
            ("metrics", new JsonObject(model.Metrics.Select(m => KeyValuePair.Create(m.Key, (JsonNode?)m.Value)))));
        return 0;
    }

    /// <summary>
    /// The recipe keys that <c>--model</c> and <c>--data</c> stand for; data of one's own take the place of the recipe's.
    /// </summary>
    public static IEnumerable<RecipeOverride> Inputs(string model, string dataKey, string[] data) =>
    [
        RecipeOverride.Flag("--model", "model", HubPath.IsHub(model) ? HubId.Parse(model).ToString() : model),
        RecipeOverride.Flag("--data", "data.world", "none"),
        RecipeOverride.Flag("--data", "data.stories.files", []),
        RecipeOverride.Flag("--data", dataKey, data),
    ];
}
