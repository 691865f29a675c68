using System.CommandLine;
using Hone.Runs.Recipes;

namespace Hone.Cli;

/// <summary><c>hone run RECIPE</c>: the whole loop on one's own model and data.</summary>
internal static class RunVerb
{
    public static Command Create(Streams io)
    {
        var recipe = new Argument<string?>("recipe")
        {
            Description = "Recipe file; left out with --resume.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var command = new Verb("run", "Run a recipe: SFT, reward model, offline DPO, online DPO, evaluation, release.", """
            A run that was cut off goes on where it was; stages that are done are not done again.

            Examples:
              hone recipe init my.yaml          a recipe to start from
              hone run my.yaml --set sft.epochs=2
              hone run --resume runs/2025-01-31-my-run
            """)
        { recipe };
        new RunOptions(command).Act(command, io, (parsed, overrides) => parsed.GetValue(recipe) is { } path
            ? ResolvedRecipe.Load(path, overrides)
            : throw new InputException("`hone run` needs a recipe, or --resume with the folder of a run.",
                fix: "hone recipe init writes a recipe to start from."));
        return command;
    }
}
