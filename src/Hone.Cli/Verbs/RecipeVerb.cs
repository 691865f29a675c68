using System.CommandLine;
using System.Text.Json.Nodes;
using Hone.Data;
using Hone.Runs.Recipes;
using Hone.Workflow;

namespace Hone.Cli;

/// <summary><c>hone recipe</c>: write, show and check recipes.</summary>
internal static class RecipeVerb
{
    public static Command Create(Streams io) => new("recipe", "Write, show, check or plan a recipe.")
    {
        Init(io), Show(io), Validate(io), RecipePlanVerb.Create(io),
    };

    private static Verb Init(Streams io)
    {
        var file = new Argument<string?>("file") { Description = "File to write; left out prints it.", Arity = ArgumentArity.ZeroOrOne };
        var model = new Option<string?>("--model")
        {
            Description = "Folder of the model, or its id on a hub, that the recipe is fitted to.",
        };
        var data = new Option<string[]>("--data")
        {
            Description = "Conversations or preferences that the recipe is fitted to: files or folders.",
            AllowMultipleArgumentsPerToken = true,
        };
        var command = new Verb("init", "Write a recipe to start from: every key explained, or fitted to a model and data.", """
            With --model and --data the recipe has the lengths, batch size, epochs and learning rates that suit them, each with
            its reason beside it; without, every key of a recipe with its default.

            Examples:
              hone recipe init my.yaml
              hone recipe init my.yaml --model models/base --data chats.jsonl
            """)
        { file, model, data };
        var common = new CommonOptions(command);
        common.Act(command, io, parsed =>
        {
            string? path = parsed.GetValue(file);
            if (path is not null && Path.Exists(path))
                throw new InputException("there is something here already", path, "Give another name.");
            string recipe = Start(io, parsed.GetValue(model), parsed.GetValue(data) ?? []);
            if (path is null)
            {
                if (common.Json(parsed)) ResultPrinter.Print(io.Out, true, ("recipe", recipe));
                else io.Out.Write(recipe);
                return 0;
            }
            Durable.WriteText(path, recipe);
            ResultPrinter.Print(io.Out, common.Json(parsed), ("recipe", path));
            return 0;
        });
        return command;
    }

    private static string Start(Streams io, string? model, string[] data)
    {
        if (model is null && data.Length == 0) return RecipeText.Init();
        if (model is null || data.Length == 0)
            throw new InputException("a recipe is fitted to a model and data together", fix: "Give both --model and --data, or neither.");
        string Absolute(string given) => HubPath.IsHub(given) ? HubId.Parse(given).ToString() : Path.GetFullPath(given);
        return FittedRecipe.Of(Absolute(model), io.Model(model), [.. data.Select(Absolute)], DataFile.Expand(io.Data(data)));
    }

    private static Verb Show(Streams io)
    {
        Argument<string> recipe = Recipe();
        var command = new Verb("show", "Print all values of a recipe, each with where it came from.", """
            Example:
              hone recipe show my.yaml --set online.beta=0.2
            """)
        { recipe };
        var overrides = new RecipeOptions(command);
        var common = new CommonOptions(command);
        common.Act(command, io, parsed =>
        {
            ResolvedRecipe resolved = ResolvedRecipe.Load(parsed.GetRequiredValue(recipe), overrides.Overrides(parsed));
            if (common.Json(parsed))
            {
                ResultPrinter.PrintJson(io.Out, new JsonObject(RecipeText.Flatten(resolved.Value).Select(v => KeyValuePair.Create(v.Key,
                    (JsonNode?)new JsonObject { ["value"] = v.Value, ["origin"] = resolved.OriginOf(v.Key).ToString() }))));
            }
            else io.Out.Write(RecipeText.Show(resolved));
            return 0;
        });
        return command;
    }

    private static Verb Validate(Streams io)
    {
        Argument<string> recipe = Recipe();
        var command = new Verb("validate", "Check a recipe: keys, values, and whether each stage has what it needs.", """
            A file or folder that the recipe names and that is not on this machine is told, but is no error. Where all are
            here, the data are read as the run would read them: counts, what is dropped, parts, steps and tokens.

            Example:
              hone recipe validate my.yaml
            """)
        { recipe };
        var overrides = new RecipeOptions(command);
        var common = new CommonOptions(command);
        common.Act(command, io, parsed =>
        {
            string path = parsed.GetRequiredValue(recipe);
            ResolvedRecipe resolved = ResolvedRecipe.Load(path, overrides.Overrides(parsed));
            RecipeChecks.Complete(resolved);
            string? missing = Missing(resolved);
            if (missing is not null) io.Error.WriteLine($"note: {missing}");
            JsonObject stages = missing is null ? Read(io, resolved.Value) : [];
            ResultPrinter.Print(io.Out, common.Json(parsed), ("recipe", path), ("valid", true), ("runs_here", missing is null),
                ("stages", stages));
            return 0;
        });
        return command;
    }

    /// <summary>Nothing is fetched from a hub for it, and the embedded world has no rows that could be wrong.</summary>
    private static JsonObject Read(Streams io, Recipe recipe)
    {
        DataOptions d = recipe.Data;
        string[] named = [recipe.Model, .. d.Sft, .. d.Preferences, .. d.Prompts, .. d.Stories.Files, .. recipe.Evaluation.Prompts];
        if (d.World != DataWorld.None || recipe.Model == "world" || named.Any(n => n.StartsWith(HubId.Scheme, StringComparison.Ordinal)))
            return [];
        (IReadOnlyList<string> report, IReadOnlyList<StagePlan> stages) = RecipeData.Read(HubInputs.Localise(recipe, io.Error.WriteLine));
        foreach (string line in report) io.Error.WriteLine(line);
        return new JsonObject(stages.Select(s => KeyValuePair.Create(s.Stage, (JsonNode?)new JsonObject
        {
            ["examples"] = s.Examples,
            ["held_out"] = s.HeldOut,
            ["steps"] = s.Steps,
            ["tokens"] = s.Tokens,
        })));
    }

    internal static Argument<string> Recipe() => new("recipe") { Description = "Recipe file." };

    private static string? Missing(ResolvedRecipe recipe)
    {
        try
        {
            RecipeChecks.Present(recipe);
            return null;
        }
        catch (InputException e)
        {
            return e.Message;
        }
    }
}
