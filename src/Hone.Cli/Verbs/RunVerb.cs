using System.CommandLine;
using Hone.Workflow.Recipes;

namespace Hone.Cli;

/// <summary><c>hone run RECIPE</c>: the whole loop on one's own model and data.</summary>
internal static class RunVerb
{
    public static Command Create()
    {
        var recipe = new Argument<string?>("recipe") { Description = "Recipe file; left out with --resume.", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("run", "Run a recipe: SFT, reward model, offline DPO, online DPO, evaluation, release.") { recipe };
        var options = new RunOptions();
        options.AddTo(command);
        command.SetAction(parsed => options.Execute(parsed, overrides => parsed.GetValue(recipe) is { } path
            ? ResolvedRecipe.Load(path, overrides)
            : throw new InputException("`hone run` needs a recipe, or --resume with the folder of a run.", fix: "hone recipe init writes a recipe to start from.")));
        return command;
    }
}
