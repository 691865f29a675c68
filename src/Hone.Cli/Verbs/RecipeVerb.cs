using System.CommandLine;
using System.Text.Json.Nodes;
using Hone.Data;
using Hone.Runs.Recipes;

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
        var command = new Verb("init", "Write a recipe to start from, every key explained.", """
            Example:
              hone recipe init my.yaml
            """)
        { file };
        var common = new CommonOptions(command);
        common.Act(command, io, parsed =>
        {
            if (parsed.GetValue(file) is not { } path)
            {
                if (common.Json(parsed)) ResultPrinter.Print(io.Out, true, ("recipe", RecipeText.Init()));
                else io.Out.Write(RecipeText.Init());
                return 0;
            }
            if (Path.Exists(path)) throw new InputException("there is something here already", path, "Give another name.");
            Durable.WriteText(path, RecipeText.Init());
            ResultPrinter.Print(io.Out, common.Json(parsed), ("recipe", path));
            return 0;
        });
        return command;
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
            A file or folder that the recipe names and that is not on this machine is told, but is no error.

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
            ResultPrinter.Print(io.Out, common.Json(parsed), ("recipe", path), ("valid", true), ("runs_here", missing is null));
            return 0;
        });
        return command;
    }

    private static Argument<string> Recipe() => new("recipe") { Description = "Recipe file." };

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
